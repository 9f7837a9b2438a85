/* finding.c — what a verification can find: the one table of codes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "format/finding.h"

#include <stdarg.h>
#include <stdio.h>

const char *const severity_names[] = { "note", "warning", "error" };

const struct finding_kind finding_kinds[FOUND_CODES] = {
	[FOUND_INDEX] = { "index", CKPT_ERROR, "a part of the index cannot be read" },
	[FOUND_ENTRY] = { "entry", CKPT_ERROR,
			  "a tensor's entry in the index is malformed" },
	[FOUND_ORDER] = { "order", CKPT_ERROR,
			  "the names in the index are out of order, or one stands "
			  "twice" },
	[FOUND_SLICES] = { "slices", CKPT_ERROR,
			   "a partitioned tensor's slices overlap or do not cover it" },
	[FOUND_ORPHAN_SLICE] = { "orphan_slice", CKPT_ERROR,
				 "slices are stored that no tensor lists" },
	[FOUND_CHECKSUM] = { "checksum", CKPT_ERROR,
			     "stored bytes do not have the recorded checksum" },
	[FOUND_VALUES] = { "values", CKPT_ERROR,
			   "stored values are malformed, or not as many as there are "
			   "elements" },
	[FOUND_MISSING_SHARD] = { "missing_shard", CKPT_ERROR,
				  "a data file is not there" },
	[FOUND_SHORT_SHARD] = { "short_shard", CKPT_ERROR,
				"a data file ends before its tensors do" },
	[FOUND_SHARD_COUNT] = { "shard_count", CKPT_ERROR,
				"a data file's name has another number of shards than "
				"the index: TensorFlow does not find it" },
	[FOUND_UNREADABLE] = { "unreadable", CKPT_ERROR,
			       "the system could not read a file" },
	[FOUND_OVERLAP] = { "overlap", CKPT_WARNING,
			    "two tensors share bytes of a data file" },
	[FOUND_GAP] = { "gap", CKPT_NOTE, "bytes between tensors belong to none" },
	[FOUND_TRAILING] = { "trailing", CKPT_NOTE,
			     "bytes behind the last tensor of a data file" },
	[FOUND_UNCHECKED] = { "unchecked", CKPT_NOTE,
			      "no checksum is recorded for some tensors, or a file was "
			      "too "
			      "large to look at" },
	[FOUND_OTHER_SAVE] = { "other_save", CKPT_ERROR,
			       "most checksums of a data file fail: it belongs to "
			       "another save" },
	[FOUND_CRLF] = { "crlf", CKPT_ERROR,
			 "the file was converted as text: its line ends are changed" },
	[FOUND_ZEROS] = { "zeros", CKPT_ERROR,
			  "a tensor that should not be is all zeros: an unfinished "
			  "write" },
	[FOUND_NOT_DATA] = { "not_data", CKPT_ERROR,
			     "a data file is something else: a git-lfs pointer, an HTML "
			     "page" },
	[FOUND_META] = { "meta", CKPT_ERROR,
			 "the .meta beside the checkpoint, or its saved_model.pb, is "
			 "damaged" },
	[FOUND_GRAPH] = { "graph", CKPT_ERROR,
			  "a graph has two nodes of one name, or an input that is not "
			  "there" },
	[FOUND_NO_GRAPH] = { "no_graph", CKPT_WARNING,
			     "a SavedModel's saved_model.pb is not there" },
	[FOUND_FINGERPRINT] = { "fingerprint", CKPT_WARNING,
				"fingerprint.pb of the SavedModel is for another index" },
	[FOUND_FINGERPRINT_OK] = { "fingerprint_ok", CKPT_NOTE,
				   "fingerprint.pb of the SavedModel is for this index" },
	[FOUND_V1_SUFFIX] = { "v1_suffix", CKPT_WARNING,
			      "a V1 checkpoint is called .index, as V2's are" },
	[FOUND_GONE] = { "gone", CKPT_WARNING,
			 "an older checkpoint that the checkpoint file names is not "
			 "there" },
	[FOUND_LAYOUT] = { "layout", CKPT_ERROR,
			   "a .safetensors file has more bytes than its tensors: other "
			   "readers refuse it" },
	[FOUND_UNSUPPORTED] = { "unsupported", CKPT_ERROR,
				"an array of a kind that is not read: objects, "
				"structures, "
				"an unknown dtype" },
	[FOUND_MEMBER_NAME] = { "member_name", CKPT_ERROR,
				"a member of an archive has a name that leads out of a "
				"folder" },
	[FOUND_OTHER_MEMBER] = { "other_member", CKPT_NOTE,
				 "a member of an archive that is no array" },
	[FOUND_UNLISTED] = { "unlisted", CKPT_WARNING,
			     "tensors in the files that the list of a sharded model does "
			     "not have" },
	[FOUND_TORN] = { "torn", CKPT_NOTE,
			 "an event file ends within a record: its run is alive, or was "
			 "stopped" },
	[FOUND_LEFTOVER] = { "leftover", CKPT_NOTE,
			     "a file or folder of a save that was interrupted" },
};

void finding_emit(const struct finder *f, enum finding_code code,
		  const struct ckpt_tensor *t, const char *file, int64_t offset,
		  int64_t length, const char *format, ...)
{
	const struct finding_kind *kind = &finding_kinds[code];
	char message[512];
	va_list ap;
	va_start(ap, format);
	vsnprintf(message, sizeof message, format, ap);
	va_end(ap);
	if (f->summary) {
		f->summary->errors += kind->severity == CKPT_ERROR;
		f->summary->warnings += kind->severity == CKPT_WARNING;
		f->summary->notes += kind->severity == CKPT_NOTE;
	}
	if (f->fn)
		f->fn(f->arg, &(struct ckpt_finding){ kind->severity, kind->code, t, file,
						      offset, length, message });
}
