#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every hostile file of tests/data/broken and broken_arrays through every command.

cases.json says of each what can be read and what must not be. In all cases: no signal, no
hang, exit 0, 1 or 2; what must not read gives exit 2 and no value; the tensors beside it
still read; verify is never green where there is damage; JSON is JSON, and says so when there
is an error. BROKEN_ONLY names one case.
"""
import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TOOL, SRCDIR = os.environ["CKPT_INSPECT"], os.environ["SRCDIR"]
FOLDERS = [os.path.join(SRCDIR, "tests", "data", d) for d in ("broken", "broken_arrays")]
SANITIZED = os.environ.get("SANITIZED") == "yes"  # its shadow memory needs address space

if not SANITIZED:
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))  # inherited by the tool


def run(*args):
    p = subprocess.run([TOOL, *args[:1], "--max-memory=64M", *args[1:]], capture_output=True, timeout=60)
    if p.returncode not in (0, 1, 2) or b"Sanitizer" in p.stderr or b"runtime error" in p.stderr:
        raise AssertionError(f"{args}: exit {p.returncode}\n{p.stderr.decode(errors='replace')}")
    if p.returncode == 2 and not p.stderr.startswith(b"ckpt-inspect: "):
        raise AssertionError(f"{args}: exit 2 without a message: {p.stderr!r}")
    for stream in (p.stdout, p.stderr) if "--raw" not in args else (p.stderr,):
        if any(b < 0x20 and b != 0x0a or b == 0x7f for b in stream):
            raise AssertionError(f"{args}: a control character reached the terminal")
    return p


def check_json(p, args):
    """The document, which has error exactly if something went wrong."""
    try:
        doc = json.loads(p.stdout)
    except ValueError as e:
        raise AssertionError(f"{args}: not JSON: {e}: {p.stdout[:200]!r}")
    if ("error" in doc) != (p.returncode == 2):
        raise AssertionError(f"{args}: exit {p.returncode}, error {doc.get('error')}")
    return doc


def same(got, want):
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
    return got == want or str(got) == str(want) or \
        (isinstance(want, float) and isinstance(got, (int, float)) and float(got) == want)


def check_tensors(case, path, problems):
    values = case.get("values", {})
    for name in case["good_tensors"]:
        args = ("print", "--json", path, "--", name)
        p = run(*args)
        if p.returncode:
            problems.append(f"'{name}' must read: {p.stderr.decode(errors='replace').strip()}")
            continue
        tensor = check_json(p, args)["tensors"][0]
        if name in values and not same(tensor["values"], values[name]):
            problems.append(f"'{name}' is {tensor['values']}, expected {values[name]}")
    for name in case["bad_tensors"]:
        for args in (("print", "--json", path, "--", name),
                     ("print", path, "--", name),
                     ("print", "--raw", path, "--", name)):
            p = run(*args)
            if p.returncode != 2:
                problems.append(f"'{name}' must not read, {args[1]} exits {p.returncode}")
            elif "--json" not in args and p.stdout:
                problems.append(f"'{name}' must not read, yet wrote {p.stdout[:60]!r}")
            elif "--json" in args:
                check_json(p, args)


def check(case):
    start = time.monotonic()
    problems = check_case(case)
    if os.environ.get("BROKEN_TIMES"):
        print(f"{time.monotonic() - start:8.2f} s  {case['name']}")
    return problems


def check_case(case):
    problems, path = [], os.path.join(case["folder"], case["path"])
    try:
        for args in (["list"], ["list", "-l"], ["list", "--tree"], ["list", "--keep-going"],
                     ["list", "--ndjson"], ["info"], ["verify"], ["verify", "--ndjson"]):
            p = run(*args, path)
            if "--ndjson" in args:
                for line in p.stdout.splitlines():
                    json.loads(line)
        for args in (["list", "--json"], ["info", "--json"], ["verify", "--json"]):
            check_json(run(*args, path), args)
        listed = run("list", path).returncode
        if not case["index_ok"] and listed != 2:
            problems.append(f"its index is unreadable, yet list exits {listed}")
        verdict = run("verify", path).returncode
        if case.get("verify_ok") is False and verdict == 0:
            problems.append("verify is green")
        if case.get("verify_ok") is True and verdict != 0:
            problems.append(f"verify exits {verdict}: {run('verify', path).stdout[-300:]!r}")
        check_tensors(case, path, problems)
    except (AssertionError, ValueError, subprocess.TimeoutExpired) as e:
        problems.append(str(e))
    return [f"{case['name']}: {p}" for p in problems]


def main():
    cases = []
    for folder in FOLDERS:
        with open(os.path.join(folder, "cases.json")) as f:
            cases += [c | {"folder": folder} for c in json.load(f)]
    only = os.environ.get("BROKEN_ONLY")
    cases = [c for c in cases if not only or c["name"] == only]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [p for found in pool.map(check, cases) for p in found]
    for p in problems:
        print(p)
    print(f"{len(cases)} hostile cases, {len(problems)} problems")
    sys.exit(1 if problems or not cases else 0)


main()
