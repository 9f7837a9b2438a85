#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every --json document and --ndjson record is what share/schema says, both forms hold the
# same, and the exit code agrees with them.
python=
for p in python3 /usr/bin/python3; do
	if "$p" -c 'import jsonschema' 2>/dev/null; then python=$p; break; fi
done
[ -n "$python" ] || { echo "python3-jsonschema is not there"; exit 77; }
command -v jq >/dev/null || { echo "jq is not there"; exit 77; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$SRCDIR/tests/data" || exit 99

n=0
# ask COMMAND ARGUMENT...: once as a document, once as records.
ask() {
	n=$((n + 1))
	for form in json ndjson; do
		"$CKPT_INSPECT" "$@" --$form >"$tmp/$n.$form" 2>/dev/null
		printf '%s\t%s\t%s\t%s\n' $n $form $? "$*" >>"$tmp/asked"
	done
}
# Everything that can be asked about one checkpoint. LITTLE: its values are few.
ask_all() {
	ask list "$1"
	ask info "$1"
	ask verify "$1"
	[ -z "$2" ] || ask print "$1" '**'
}

for d in broken/*/; do
	case $d in
	*/keybomb/ | */overlap_many/ | */num_shards_2e9/) ;; # their answers are huge
	*/rank_254/) ask_all "${d}m" ;; # jq 1.6 reads 256 levels
	*) ask_all "${d}m" little ;;
	esac
done
for d in dtypes_v2 strings_v2 names_v2 object_based slices_2d_v2 merged_v2 big_endian_v2 \
	saver_v2_partitioned saver_v2@50 saved_model_tf2/model dtypes_v1 \
	saver_v1_partitioned_sharded; do
	ask_all "corpus/$d" little
done
for d in corpus/*/ real/*/; do
	case $d in
	*/dtypes_v[12]/ | */many_v2/ | */snappy_index_v2/ | */transformer_2_shards/) ;;
	*) ask_all "${d%/}" ;;
	esac
done
for g in corpus/saver_v2/frozen.pb corpus/saver_v2/graph.pbtxt real/v1_serving/export_single/export.meta; do
	ask_all "$g"
done
ask list --as graph corpus/saved_model_tf2/model --tags serve
ask list --as graph corpus/saved_model_tf2/model --tags none
ask list graphs/consts.pb
ask verify graphs/consts.pb
ask print graphs/consts.pbtxt 'float16/*' 'string/*'
ask list -k broken/blocks_one_crc/m
ask list corpus/many_v2 'tower_0/block_00[0-3]/**'
ask list --sort size real/trt_mnist_snappy
for d in corpus/object_based corpus/names_v2 broken/slices_ok/m real/transformer_2_shards; do
	ask list --tree --depth 4 "$d"
done
ask list --objects corpus/object_based
ask list --objects --depth 1 corpus/saved_model_tf2/model
ask list --objects corpus/names_v2
ask list --role slot,ema corpus/run_with_events
ask list --role ema corpus/names_v2
ask list corpus/names_v2 no-such-name
ask list corpus/names_v2 '['
ask print corpus/dtypes_v2 'float32/*' 'int64/*' -s '...,0:1'
ask print corpus/dtypes_v2 float32/vector -s 0:3 --check
ask print corpus/dtypes_v2 'complex*/cube' -s '0,1,::-2'
ask print corpus/dtypes_v2 float32/vector float32/vecto
for d in corpus/dtypes_v2 corpus/dtypes_v1 corpus/names_v2 corpus/saver_v2_partitioned \
	corpus/slices_2d_v2 real/trt_mnist_snappy broken/data_flip/m broken/name_badutf8/m \
	broken/dtype_999/m broken/no_tensors/m broken/index_half/m; do
	ask stats "$d"
	ask stats --check "$d"
done
ask stats --check corpus/saver_v2 'dense*/**'
ask stats --check corpus/saver_v2 no-such-name
ask stats --check corpus/saver_v2 broken/data_flip/m
ask stats --role weight --sort size corpus/run_with_events
ask stats corpus/names_v2 no-such-name
ask verify corpus/saver_v2 broken/data_flip/m no-such-file
ask verify corpus/strings_v2 corpus/names_v2
ask diff corpus/saver_v2/model.ckpt-200 corpus/saver_v2/frozen.pb
ask diff --strict corpus/saver_v2/model.ckpt-200 corpus/saver_v2/frozen.pb
ask diff corpus/saver_v2/model.ckpt-200 corpus/saver_v2/graph.pb
ask diff graphs/slots/model.ckpt graphs/slots/pruned.pb
for pair in 'saver_v2@150 corpus/saver_v2' 'saver_v1 corpus/saver_v2' 'object_based corpus/saver_v2' \
	'dtypes_v1 corpus/dtypes_v2' 'names_v2 corpus/names_v2' 'strings_v2 corpus/strings_v2' \
	'saver_v2 corpus/saver_v2_partitioned'; do
	ask diff corpus/$pair
	ask diff --cast --reshape --rtol 1e-3 corpus/$pair
	ask diff --quick corpus/$pair
	ask diff -M --names-only corpus/$pair
	ask diff --tree --show-same corpus/$pair
	ask diff --top 3 --nan differ corpus/$pair
done
ask diff --show net/dense1/kernel corpus/saver_v2@150 corpus/saver_v2
ask diff corpus/saver_v2 broken/data_flip/m
ask diff broken/data_flip/m broken/data_flip/m
R=$SRCDIR/share/examples/run
ask log $R
ask log $R 'dense1/**' --top 3
ask log --quick $R
ask log --depth 1 $R
ask log --depth 1 $R 'f*/*'
ask log broken/gap/m broken/data_flip/m ok z
ask log --depth 1 broken/gap/m broken/data_flip/m ok z
ask log --check $R
ask log --check $R 'f*/*'
ask log --atol 1e-3 $R writer/table
for d in object_based saver_v1 "saver_v2 -j 1" "dtypes_v2 corpus/dtypes_v1" \
	"names_v2 corpus/names_v2" "strings_v2 corpus/names_v2"; do
	ask log corpus/$d
done
ask log --depth 1 corpus/names_v2 corpus/names_v2
ask log --quick corpus/saver_v1
ask log broken/gap/m broken/data_longer/m broken/data_flip/m broken/index_half/m broken/gap/m
ask log broken/slices_ok/m broken/v1_slices/m broken/dtype_ref/m broken/name_badutf8/m
ask log --depth 1 broken/gap/m broken/data_missing/m broken/name_badutf8/m
ask log $R no-such-name
for d in corpus/saver_v2 corpus/names_v2 corpus/dtypes_v2 broken/data_flip/m broken/blk_crc/m \
	broken/name_badutf8/m broken/data_missing/m broken/no_tensors/m; do
	ask export "$d" --force -o "$tmp/out.npz"
	ask export "$d" --force --skip-damaged -o "$tmp/out.safetensors"
done
ask export corpus/object_based --force -o "$tmp/out.npz" -x '**ITERATOR**'
ask export corpus/object_based --force -o "$tmp/out.safetensors" -x '**ITERATOR**'
ask export corpus/saver_v2 --force --max-shard-size 1K --cast bfloat16 -o "$tmp/s.safetensors"
ask export corpus/saver_v2 net/dense1/bias --force -s 1:3 -o "$tmp/bias.csv"
ask export corpus/saver_v2 no-such-tensor --force -o "$tmp/bias.csv"
for d in corpus/saver_v2 corpus/saver_v2_partitioned corpus/saved_model_tf1/model corpus/saved_model_tf2/model \
	corpus/ref_variables corpus/saver_v2/frozen.pb corpus/saver_v2/graph.pbtxt real/regression/saved_model \
	real/saved_model/*/ real/saved_model/fuzz_generated/*/ real/v1_serving/*/; do
	ask graph "${d%/}"
done
for d in corpus/saver_v2/frozen.pb corpus/saved_model_tf2/model corpus/ref_variables; do
	ask graph --nodes $d
	ask graph --scan $d
done
ask graph --scan corpus/saver_v2/graph.pb
ask graph --scan real/estimator_run
ask graph corpus/saver_v2/frozen.pb softmax
ask graph corpus/saved_model_tf2/model StatefulPartitionedCall:0
ask graph corpus/saver_v2/frozen.pb sofmax
ask graph corpus/saver_v2 --checkpoint corpus/saver_v2
ask graph corpus/saver_v2_partitioned --checkpoint corpus/saver_v2_partitioned@5
ask graph corpus/saver_v2 --checkpoint corpus/ref_variables
ask graph corpus/ref_variables --checkpoint corpus/ref_variables
ask graph corpus/saver_v2/frozen.pb --checkpoint corpus/saver_v2
ask graph corpus/saved_model_tf2/model --checkpoint corpus/saved_model_tf2/model
ask graph corpus/object_based
ask log $R --events none
ask log $R --events .
ask log events/manager
ask log events/restarts
ask info events/manager
cp -R events/restarts "$tmp/torn" && chmod -R u+w "$tmp/torn"
printf 'torn' >>"$tmp/torn/events.out.tfevents.1700001000.host"
printf 'damaged because this is no event file at all' >"$tmp/torn/x.tfevents.1"
ask log "$tmp/torn"
for d in corpus/saver_v2 corpus/saver_v1_partitioned_sharded corpus/saved_model_tf2/model real/regression/checkpoint \
	corpus/ref_variables corpus/names_v2; do
	ask freeze "$d" -o "$tmp/frozen" --force
done
ask freeze corpus/ref_variables --outputs result,op_to_store --text -o "$tmp/frozen" --force
ask freeze corpus/saver_v2 -o "$tmp/frozen"
for command in list info print verify stats diff log export freeze graph completion; do
	ask "$command"
	ask "$command" no-such-file tensor
	ask "$command" --no-such-option
done
ask --no-such-option

# What one JSON reader takes another might not.
jq -e 'type == "object"' "$tmp"/*.json >"$tmp/jq" || { echo "jq cannot read it"; exit 1; }
jq -c 'type == "object"' "$tmp"/*.ndjson >>"$tmp/jq" || { echo "jq cannot read it"; exit 1; }
! grep -v true "$tmp/jq" || exit 1

cat >"$tmp/validate.py" <<'PYTHON'
import collections, copy, json, pathlib, sys
import jsonschema

schemas = {p.name: json.loads(p.read_text()) for p in pathlib.Path(sys.argv[1]).glob("*.json")}
tmp = pathlib.Path(sys.argv[2])
failed = 0


def validator(name):
    kind = jsonschema.Draft202012Validator
    kind.check_schema(schemas[name])
    try:  # jsonschema 4.18 and newer
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT202012
        registry = Registry().with_resources(
            (n, Resource.from_contents(s, default_specification=DRAFT202012))
            for n, s in schemas.items())
        return kind({"$ref": name}, registry=registry)
    except ImportError:
        return kind(schemas[name],
                    resolver=jsonschema.RefResolver(name, schemas[name], store=schemas))


validators = {n: validator(n) for n in schemas}


def complain(asked, text):
    global failed
    failed += 1
    print(f"{asked}: {text}")


def once(pairs):
    keys = [k for k, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key stands twice: {keys}")
    return dict(pairs)


def no_constant(text):
    raise ValueError(f"{text} is not JSON")


def read(text):
    return json.loads(text, object_pairs_hook=once, parse_constant=no_constant)


def conforms(asked, name, doc):
    for e in validators[name].iter_errors(doc):
        best = jsonschema.exceptions.best_match([e])
        complain(asked, f"{name}: /{'/'.join(map(str, best.absolute_path))}: {best.message[:300]}")
        return


def schema_of(doc):
    name = doc["schema"].split("/")[1] + ".schema.json"
    return name if name in schemas else "error.schema.json"


def check_document(asked, doc, code):
    conforms(asked, schema_of(doc), doc)
    want = {"ok": 0, "same": 0, "damaged": 1, "different": 1, "found": 1, "unknown": 2}.get(
        doc.get("summary", {}).get("verdict"), 0)
    if "--check" in asked and doc.get("summary", {}).get("verdict") == "not_finite":
        want = 1
    if code != (2 if "error" in doc else want):
        complain(asked, f"exit code {code}")


def kind_of(v):
    """The keys and types in it: two records of a kind differ in their values alone."""
    if isinstance(v, dict):
        return tuple((k, v[k] if k in ("type", "schema") else kind_of(v[k])) for k in v)
    return frozenset(map(kind_of, v)) if isinstance(v, list) else type(v)


seen = set()


def check_records(asked, doc, records, code):
    for r in records:
        # check_same compares the values with those of the document, which conforms.
        if "summary" not in doc or kind_of(r) not in seen:
            conforms(asked, "ndjson.schema.json", r)
            seen.add(kind_of(r))
    types = [r["type"] for r in records]
    if types != ["error"] and (types[0] != "header" or types[-1] != "summary"):
        complain(asked, f"first and last record are {types[0]} and {types[-1]}")
    if types.count("header") > 1 or types.count("summary") > 1:
        complain(asked, "a second header or summary")
    if ("error" in types) != (code == 2) and records[-1].get("verdict") != "unknown":
        complain(asked, f"{types.count('error')} error records, exit code {code}")


RECORDS = {"tensors": "tensor", "steps": "step", "scopes": "scope", "objects": "object",
           "checkpoints": "checkpoint", "findings": "finding", "elements": "element",
           "variables": "variable", "nodes": "node", "unused": "unused",
           "hazards": "hazard", "event_files": "event_file", "scalars": "scalar",
           "constants": "constant",
           "errors": "error"}


def without_steps(doc, records):
    """Of log, the steps of a tensor or scope are records of their own: put them apart."""
    doc, kept, steps = copy.deepcopy(doc), [], []
    for row in doc.get("tensors", []) + doc.get("scopes", []):
        names = {k: row[k] for k in ("name", "name_b64", "path", "path_b64") if k in row}
        steps += [{**names, **s} for s in row.pop("steps")]
    for r in records:
        if r["type"] in ("tensor_step", "scope_step"):
            want = steps.pop(0)
            if {k: v for k, v in r.items() if k != "type"} != want:
                raise ValueError(f"a step is {r}, in the document {want}")
        else:
            kept.append(r)
    if steps:
        raise ValueError(f"{len(steps)} steps are in the document alone")
    return doc, kept


def check_same(asked, doc, records):
    """The document and the records say the same, but for the order of the records."""
    if "summary" not in doc:
        return  # a damaged index: records are written up to the damage
    if doc["schema"] == "ckpt-inspect/log":
        doc, records = without_steps(doc, records)
    got = collections.defaultdict(list)
    for r in records:
        got[r["type"]].append(json.dumps({k: v for k, v in r.items() if k != "type"},
                                         sort_keys=True))
    for key, type_ in RECORDS.items():
        want = doc.get(key) or []  # null: not looked for
        if type_ == "event_file" and doc["schema"] != "ckpt-inspect/log":
            continue  # of info they stand in the header
        if type_ == "error":
            want = [{"error": e} for e in want]
        if sorted(got[type_]) != sorted(json.dumps(r, sort_keys=True) for r in want):
            complain(asked, f"{key} differ between --json and --ndjson")
    have = json.loads(got["summary"][0])
    want = {k: v for k, v in doc["summary"].items() if k in have or k not in ("dtypes", "roles")}
    if have != want:
        complain(asked, "the summaries differ between --json and --ndjson")
    header = ("event_files",) if doc["schema"] == "ckpt-inspect/info" else ()
    want = {k: v for k, v in doc.items()
            if k in header or k not in RECORDS and k not in ("summary", "error")}
    if json.loads(got["header"][0]) != want:
        complain(asked, "the headers differ between --json and --ndjson")


def check_strict(asked, doc):
    """A key more or a key less anywhere must not pass."""
    name = schema_of(doc)

    def objects(v, path=()):
        if isinstance(v, dict):
            yield path
        for k, w in v.items() if isinstance(v, dict) else enumerate(v):
            if isinstance(w, (dict, list)):
                yield from objects(w, path + (k,))

    for path in objects(doc):
        bad = copy.deepcopy(doc)
        at = bad
        for k in path:
            at = at[k]
        at["surplus"] = 1
        if validators[name].is_valid(bad):
            complain(asked, f"{name} takes another key in /{'/'.join(map(str, path))}")
        del at["surplus"]
        optional = ("errors", "error", "input") if "summary" not in doc and not path else ()
        for key in list(at):
            if key.endswith("_b64") or key in optional:
                continue
            kept = at.pop(key)
            if validators[name].is_valid(bad):
                complain(asked, f"{name} does without /{'/'.join(map(str, path + (key,)))}")
            at[key] = kept


documents, codes = {}, {}
strict = {}
for line in (tmp / "asked").read_text().splitlines():
    n, form, code, asked = line.split("\t")
    text = (tmp / f"{n}.{form}").read_bytes().decode()
    try:
        if asked.startswith("completion") and not text.startswith("{"):
            continue
        if form == "json":
            documents[n] = read(text)
            codes[n] = code
            check_document(asked, documents[n], int(code))
            d = documents[n]
            shape = (d["schema"], tuple(sorted(d)))
            if len(text) < 6000:
                strict.setdefault(shape, (asked, d))
        else:
            records = [read(r) for r in text.splitlines()]
            check_records(asked + " --ndjson", documents[n], records, int(code))
            check_same(asked, documents[n], records)
            if code != codes[n]:
                complain(asked, f"exit code {codes[n]} with --json, {code} with --ndjson")
    except (ValueError, KeyError, IndexError) as e:
        complain(asked, f"--{form}: {type(e).__name__}: {e}")
for asked, doc in strict.values():
    check_strict(asked, doc)
if len({s for s, _ in strict}) < 5:
    complain("the test", f"saw too few kinds of documents: {sorted(strict)}")
sys.exit(failed > 0)
PYTHON
"$python" -W ignore::DeprecationWarning "$tmp/validate.py" "$SRCDIR/share/schema" "$tmp"
