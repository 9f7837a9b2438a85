/* sniff.c — what a file is that is not called as TensorFlow does it, and the way out.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Magic numbers as file(1) knows them. What can be told by one fixed text at one place
 * is a row of the table; the rest is asked in order.
 */
#include "config.h"

#include "format/sniff.h"

#include <ctype.h>
#include <stdio.h>

#include "base/error.h"
#include "base/source.h"
#include "format/reader.h"
#include "format/zip.h"

enum { HEAD = 4096 };

static const struct file_kind hdf5 = {
	"HDF5", "an HDF5 file (Keras .h5 or save_weights): h5dump or h5py reads it" };
static const struct file_kind keras = {
	"Keras", "a Keras 3 .keras archive: unzip it; model.weights.h5 within is HDF5" };
static const struct file_kind pytorch_zip = {
	"PyTorch", "a PyTorch checkpoint (zip with data.pkl): torch.load reads it" };
static const struct file_kind pickle = {
	"pickle",
	"a Python pickle, as PyTorch wrote before 1.6: torch.load reads it; do not "
	"unpickle what you do not trust"
};
static const struct file_kind npz = { "npz", "a NumPy .npz archive" };
static const struct file_kind npy = { "npy", "a NumPy .npy array" };
static const struct file_kind zip = { "zip", "a zip archive: unzip it first" };
static const struct file_kind tar = { "tar", "a tar archive: unpack it first (tar -xf)" };
static const struct file_kind gzip = { "gzip", "gzip-compressed: gunzip it first" };
static const struct file_kind bzip2 = { "bzip2", "bzip2-compressed: bunzip2 it first" };
static const struct file_kind xz = { "xz", "xz-compressed: unxz it first" };
static const struct file_kind zstd = { "zstd", "zstd-compressed: unzstd it first" };
static const struct file_kind tflite = {
	"TFLite",
	"a TensorFlow Lite model (FlatBuffers): its weights are not a checkpoint"
};
static const struct file_kind onnx = { "ONNX",
				       "an ONNX model: the onnx package reads it" };
static const struct file_kind lfs = {
	"git-lfs pointer", "a git-lfs pointer, not the file itself: run git lfs pull" };
static const struct file_kind html = {
	"HTML", "an HTML page: the download failed, or needs a login" };
static const struct file_kind json = {
	"JSON", "JSON text: an error message of a download, or a configuration" };
static const struct file_kind safetensors = { "safetensors", "a safetensors file" };
static const struct file_kind safetensors_list = {
	"safetensors index", "the list of a model's safetensors files" };
static const struct file_kind gguf = { "GGUF",
				       "a GGUF model: llama.cpp's tools read it" };
static const struct file_kind cpb = {
	"chunked SavedModel",
	"a chunked SavedModel (.cpb, riegeli records): load and save it "
	"with TensorFlow to get a saved_model.pb"
};
static const struct file_kind events = {
	"event file", "a TensorBoard event file: it holds summaries, not variables; log "
		      "shows its scalars beside the checkpoints" };
static const struct file_kind text_graph = {
	"text graph", "a graph in text form: it has no variables' values" };
static const struct file_kind binary_graph = {
	"graph",
	"a graph (GraphDef or MetaGraphDef): it has no variables' values"
};
static const struct file_kind saved_model = {
	"SavedModel",
	"a SavedModel's graph: its variables' values are in variables/"
};
static const struct file_kind fingerprint = {
	"fingerprint",
	"a SavedModel's fingerprint; the model is the folder that it lies in"
};
static const struct file_kind zeros = {
	"zeros",
	"nothing but zero bytes at its beginning: a write or a download that was "
	"interrupted"
};
static const struct file_kind empty = {
	"empty", "empty: 0 bytes; a write or a download that was interrupted" };

static const struct {
	size_t at;
	const char *magic;
	size_t len;
	const struct file_kind *kind;
} magics[] = {
	{ 0, "\x89HDF\r\n\x1a\n", 8, &hdf5 },
	{ 512, "\x89HDF\r\n\x1a\n", 8, &hdf5 },
	{ 0, "\x93NUMPY", 6, &npy },
	{ 0, "\x1f\x8b", 2, &gzip },
	{ 0, "BZh", 3, &bzip2 },
	{ 0, "\xfd" "7zXZ\0", 6, &xz },
	{ 0, "\x28\xb5\x2f\xfd", 4, &zstd },
	{ 257, "ustar", 5, &tar },
	{ 4, "TFL3", 4, &tflite },
	{ 0, "GGUF", 4, &gguf },
	{ 0, "version https://git-lfs.github.com/spec/", 40, &lfs },
	{ 0, "\x80\x02", 2, &pickle },
	{ 0, "\x80\x03", 2, &pickle },
	{ 0, "\x80\x04", 2, &pickle },
	{ 0, "\x80\x05", 2, &pickle },
	{ 0, "\x83\xaf\x70\xd1\x0d\x88\x4a\x3f", 8, &cpb },
};

static bool contains(struct bytes b, const char *text)
{
	return memmem(b.p, bytes_left(&b), text, strlen(text)) != NULL;
}

static bool ends_with(const char *path, const char *end)
{
	const size_t n = strlen(path), k = strlen(end);
	return n >= k && !strcmp(path + n - k, end);
}

/* A zip archive by the names of its first members. */
static const struct file_kind *which_zip(const char *path, struct bytes head)
{
	struct bytes name;
	if (zip_first_name(head, &name) && bytes_left(&name) >= 4 &&
	    !memcmp(name.end - 4, ".npy", 4))
		return &npz;
	if (contains(head, "data.pkl") || contains(head, "/version"))
		return &pytorch_zip;
	if (contains(head, "model.weights.h5") || ends_with(path, ".keras"))
		return &keras;
	return contains(head, ".npy") || ends_with(path, ".npz") ? &npz : &zip;
}

/* The first field of a message, as far as a graph begins: GraphDef.node, MetaGraphDef's
 * meta_info_def, SavedModel.saved_model_schema_version, ModelProto.ir_version. */
static const struct file_kind *which_message(const char *path, struct bytes head)
{
	const uint8_t *p = head.p;
	if (bytes_left(&head) < 8)
		return NULL;
	if (contains(head, "ir_version") || contains(head, "onnx") ||
	    ends_with(path, ".onnx"))
		return p[0] == 0x08 ? &onnx : NULL;
	if (p[0] == 0x08 && p[1] == 0x01 && p[2] == 0x12)
		return &saved_model;
	if (p[0] == 0x0a && (contains(head, "Placeholder") || contains(head, "Const") ||
			     contains(head, "NoOp") || contains(head, "VarHandleOp") ||
			     contains(head, "Variable")))
		return &binary_graph;
	return NULL;
}

static const struct file_kind *which_text(const char *path, struct bytes head)
{
	while (bytes_left(&head) && isspace(*head.p))
		head.p++;
	if (!bytes_left(&head))
		return NULL;
	if (*head.p == '<' && (contains(head, "<html") || contains(head, "<HTML") ||
			       contains(head, "<!DOCTYPE") ||
			       contains(head, "<!doctype") || contains(head, "<?xml")))
		return &html;
	if (*head.p == '{' && (contains(head, "\"weight_map\"") ||
			       ends_with(path, ".safetensors.index.json")))
		return &safetensors_list;
	if (*head.p == '{' || (*head.p == '[' && contains(head, "{")))
		return &json;
	if (contains(head, "saved_model_schema_version") ||
	    contains(head, "meta_graphs {"))
		return &saved_model;
	if (contains(head, "node {") && contains(head, "op:"))
		return &text_graph;
	return NULL;
}

/* u64 header length, then a JSON object. */
static bool is_safetensors(struct bytes head)
{
	uint64_t n;
	return bytes_u64le(&head, &n) && n > 1 && n <= 100000000 && bytes_left(&head) &&
	       *head.p == '{';
}

/* A TFRecord whose Event begins with its wall time; the first names the version. */
static bool is_event_file(struct bytes head)
{
	return contains(head, "brain.Event:");
}

static bool is_zeros(struct bytes head)
{
	for (const uint8_t *p = head.p; p < head.end; p++)
		if (*p)
			return false;
	return true;
}

const struct file_kind *sniff(const char *path, struct bytes head)
{
	const size_t n = bytes_left(&head);
	if (n == 0)
		return &empty;
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (n >= magics[i].at + magics[i].len &&
		    !memcmp(head.p + magics[i].at, magics[i].magic, magics[i].len))
			return magics[i].kind;
	if (n >= 4 && (!memcmp(head.p, "PK\x03\x04", 4) ||
		       !memcmp(head.p, "PK\x05\x06", 4))) /* of an empty one */
		return which_zip(path, head);
	if (is_safetensors(head))
		return &safetensors;
	if (is_event_file(head))
		return &events;
	if (ends_with(path, ".cpb"))
		return &cpb;
	if (ends_with(path, "fingerprint.pb"))
		return &fingerprint;
	const struct file_kind *kind = which_text(path, head);
	if (!kind)
		kind = which_message(path, head);
	if (kind || is_zeros(head))
		return kind ? kind : &zeros;
	/* Damaged at its very beginning, which its reader can say best. */
	return ends_with(path, ".safetensors") ? &safetensors
	       : ends_with(path, ".npz")       ? &npz
	       : ends_with(path, ".npy")       ? &npy : NULL;
}

/* The beginning of a file; empty if it cannot be read. */
static struct bytes read_head(const char *path, uint8_t head[HEAD], bool *read)
{
	struct source s;
	*read = false;
	if (source_open(&s, path, NULL))
		return bytes_of(head, 0);
	const size_t n = s.size < HEAD ? (size_t)s.size : HEAD;
	*read = !source_read(&s, 0, head, n, NULL);
	source_close(&s);
	return bytes_of(head, *read ? n : 0);
}

const struct file_kind *sniff_path(const char *path)
{
	uint8_t head[HEAD];
	bool read;
	const struct bytes b = read_head(path, head, &read);
	return read ? sniff(path, b) : NULL;
}

const struct reader *sniff_reader(const struct file_kind *kind)
{
	if (kind == &npy)
		return &reader_npy;
	if (kind == &npz)
		return &reader_npz;
	return kind == &safetensors || kind == &safetensors_list ? &reader_safetensors
								   : NULL;
}

bool sniff_graph(const char *path)
{
	const struct file_kind *kind = sniff_path(path);
	return kind == &text_graph || kind == &binary_graph || kind == &saved_model;
}

bool sniff_called_graph(const char *path)
{
	return ends_with(path, ".meta") || ends_with(path, ".pb") ||
	       ends_with(path, ".pbtxt");
}

/* Printable throughout: a note, a log, a program. The values of a data file may be that
 * as well, so this is said of a whole checkpoint's path alone. */
static bool is_text(const char *path)
{
	uint8_t head[HEAD];
	bool read;
	const struct bytes b = read_head(path, head, &read);
	for (const uint8_t *p = b.p; p < b.end; p++)
		if (*p < 0x20 ? !isspace(*p) : *p == 0x7f)
			return false;
	return bytes_left(&b) > 0;
}

bool sniff_file(const char *path, struct ckpt_error *err)
{
	const struct file_kind *kind = sniff_path(path);
	if (!kind && !is_text(path))
		return false;
	error_set(err, CKPT_EFORMAT, path, -1, "this is %s",
		  kind ? kind->what : "plain text, not a checkpoint");
	return true;
}

/* Random bytes have a CR LF every 64 KiB, and an LF every 256 bytes. */
int sniff_line_ends(const char *path)
{
	enum { WINDOW = 64 << 10, LARGE = 1 << 20, SOME = 2 };
	uint8_t buffer[WINDOW], last = 0;
	uint64_t pairs = 0, alone = 0;
	struct source s;
	if (source_open(&s, path, NULL))
		return 0;
	for (uint64_t at = 0; at < s.size && !(pairs && alone); at += WINDOW) {
		const size_t n = s.size - at < WINDOW ? (size_t)(s.size - at) : WINDOW;
		if (source_read(&s, at, buffer, n, NULL))
			break;
		for (size_t i = 0; i < n; last = buffer[i++])
			if (buffer[i] == '\n')
				++*(last == '\r' ? &pairs : &alone);
	}
	const bool large = s.size >= LARGE;
	source_close(&s);
	if (pairs >= SOME && !alone)
		return 1;
	return large && alone && !pairs ? -1 : 0;
}

bool sniff_table_start(const char *path)
{
	/* The first entry shares nothing, and its key is empty. */
	uint8_t head[2] = { 1, 1 };
	struct source s;
	if (source_open(&s, path, NULL))
		return false;
	source_read(&s, 0, head, sizeof head, NULL);
	source_close(&s);
	return head[0] == 0 && head[1] == 0;
}
