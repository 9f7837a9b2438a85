/* hazard.c — ops that do more than compute: the table that graph --scan looks for.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "report/hazard.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

const char *const hazard_class_names[] = { "reads",   "writes", "python",  "native",
					   "network", "prints", "process", NULL };

/* In byte order of the ops. */
static const struct hazard hazards[] = {
	{ "Abort", HAZARD_PROCESS, "ends the process" },
	{ "BigQueryReader", HAZARD_NETWORK, "reads from a service" },
	{ "BigtableClient", HAZARD_NETWORK, "reads from a service" },
	{ "CSVDataset", HAZARD_READS, "reads files as records" },
	{ "CSVDatasetV2", HAZARD_READS, "reads files as records" },
	{ "CacheDataset", HAZARD_WRITES,
	  "writes a cache to files where it is given a name" },
	{ "CacheDatasetV2", HAZARD_WRITES,
	  "writes a cache to files where it is given a name" },
	{ "CalibrationStatisticsSaver", HAZARD_WRITES, "writes statistics to a file" },
	{ "CloseSummaryWriter", HAZARD_WRITES, "writes an event file" },
	{ "CreateSummaryDbWriter", HAZARD_WRITES, "writes a database" },
	{ "CreateSummaryFileWriter", HAZARD_WRITES, "writes an event file" },
	{ "DTensorRestoreV2", HAZARD_READS, "reads a checkpoint" },
	{ "DataServiceDataset", HAZARD_NETWORK, "talks to a data service at an address" },
	{ "DataServiceDatasetV2", HAZARD_NETWORK,
	  "talks to a data service at an address" },
	{ "DataServiceDatasetV3", HAZARD_NETWORK,
	  "talks to a data service at an address" },
	{ "DataServiceDatasetV4", HAZARD_NETWORK,
	  "talks to a data service at an address" },
	{ "DatasetFromGraph", HAZARD_NATIVE,
	  "runs a graph that it has as bytes, which are not scanned" },
	{ "DatasetToTFRecord", HAZARD_WRITES, "writes a data set to files" },
	{ "DebugIdentity", HAZARD_WRITES,
	  "writes what it sees to its debug_urls, files or servers" },
	{ "DebugIdentityV2", HAZARD_WRITES,
	  "writes what it sees to its debug_urls, files or servers" },
	{ "DebugIdentityV3", HAZARD_WRITES,
	  "writes what it sees to its debug_urls, files or servers" },
	{ "DebugNanCount", HAZARD_WRITES,
	  "writes what it sees to its debug_urls, files or servers" },
	{ "DebugNumericSummary", HAZARD_WRITES,
	  "writes what it sees to its debug_urls, files or servers" },
	{ "DistributedSave", HAZARD_NETWORK, "has a data service write files" },
	{ "DumpTensor", HAZARD_WRITES, "writes a tensor to a file" },
	{ "EagerPyFunc", HAZARD_PYTHON, "calls a Python function of the process" },
	{ "ExperimentalCSVDataset", HAZARD_READS, "reads files as records" },
	{ "ExperimentalDatasetToTFRecord", HAZARD_WRITES, "writes a data set to files" },
	{ "ExperimentalLMDBDataset", HAZARD_READS, "reads files as records" },
	{ "ExperimentalMatchingFilesDataset", HAZARD_READS, "lists files" },
	{ "ExperimentalSqlDataset", HAZARD_READS, "reads a database" },
	{ "FileSystemSetConfiguration", HAZARD_NETWORK,
	  "sets options of a file system, such as where it is" },
	{ "FixedLengthRecordDataset", HAZARD_READS, "reads files as records" },
	{ "FixedLengthRecordDatasetV2", HAZARD_READS, "reads files as records" },
	{ "FixedLengthRecordReader", HAZARD_READS, "reads the files that a queue names" },
	{ "FixedLengthRecordReaderV2", HAZARD_READS,
	  "reads the files that a queue names" },
	{ "FixedUnigramCandidateSampler", HAZARD_READS, "reads a vocabulary" },
	{ "FlushSummaryWriter", HAZARD_WRITES, "writes an event file" },
	{ "GcsConfigureBlockCache", HAZARD_NETWORK, "sets the access to a service" },
	{ "GcsConfigureCredentials", HAZARD_NETWORK, "sets the access to a service" },
	{ "GenerateVocabRemapping", HAZARD_READS, "reads a vocabulary" },
	{ "IgniteDataset", HAZARD_NETWORK, "reads from a service" },
	{ "ImmutableConst", HAZARD_READS,
	  "maps a file, or any region of memory, as a constant" },
	{ "ImportEvent", HAZARD_WRITES, "writes an event file" },
	{ "InitializeTRTResource", HAZARD_READS, "reads an engine from a file" },
	{ "InitializeTableFromTextFile", HAZARD_READS, "reads a vocabulary" },
	{ "InitializeTableFromTextFileV2", HAZARD_READS, "reads a vocabulary" },
	{ "KafkaDataset", HAZARD_NETWORK, "reads from a service" },
	{ "KinesisDataset", HAZARD_NETWORK, "reads from a service" },
	{ "LMDBDataset", HAZARD_READS, "reads files as records" },
	{ "LMDBReader", HAZARD_READS, "reads the files that a queue names" },
	{ "ListSnapshotChunksDataset", HAZARD_READS, "reads a stored data set" },
	{ "LoadAndRemapMatrix", HAZARD_READS, "reads a checkpoint" },
	{ "LoadDataset", HAZARD_READS, "reads a stored data set" },
	{ "MatchingFiles", HAZARD_READS, "lists files" },
	{ "MatchingFilesDataset", HAZARD_READS, "lists files" },
	{ "MergeV2Checkpoints", HAZARD_WRITES,
	  "writes a checkpoint's index and deletes its parts" },
	{ "MlirPassthroughOp", HAZARD_NATIVE,
	  "runs a module that it has as bytes, which are not scanned" },
	{ "Print", HAZARD_PRINTS, "prints what it sees" },
	{ "PrintV2", HAZARD_PRINTS,
	  "prints what it sees, to a file where output_stream says so" },
	{ "PyFunc", HAZARD_PYTHON, "calls a Python function of the process" },
	{ "PyFuncStateless", HAZARD_PYTHON, "calls a Python function of the process" },
	{ "ReadFile", HAZARD_READS, "reads a file whose name it is given" },
	{ "RecordInput", HAZARD_READS, "reads files as records" },
	{ "Recv", HAZARD_NETWORK, "takes what a device that it names has computed" },
	{ "RegisterDataset", HAZARD_NETWORK, "talks to a data service at an address" },
	{ "RegisterDatasetV2", HAZARD_NETWORK, "talks to a data service at an address" },
	{ "RemoteCall", HAZARD_NETWORK,
	  "runs a function on a device that it names, here or elsewhere" },
	{ "RemoteFusedGraphExecute", HAZARD_NATIVE,
	  "runs a module that it has as bytes, which are not scanned" },
	{ "Restore", HAZARD_READS, "reads a checkpoint" },
	{ "RestoreSlice", HAZARD_READS, "reads a checkpoint" },
	{ "RestoreV2", HAZARD_READS, "reads a checkpoint" },
	{ "Rpc", HAZARD_NETWORK, "calls a server at an address" },
	{ "RpcCall", HAZARD_NETWORK, "calls a server at an address" },
	{ "RpcCheckStatus", HAZARD_NETWORK, "calls a server at an address" },
	{ "RpcClient", HAZARD_NETWORK, "calls a server at an address" },
	{ "RpcGetValue", HAZARD_NETWORK, "calls a server at an address" },
	{ "RpcServer", HAZARD_NETWORK, "is a server at an address" },
	{ "RpcServerRegister", HAZARD_NETWORK, "is a server at an address" },
	{ "RpcServerStart", HAZARD_NETWORK, "is a server at an address" },
	{ "Save", HAZARD_WRITES, "writes a checkpoint" },
	{ "SaveDataset", HAZARD_WRITES, "writes a data set to files" },
	{ "SaveDatasetV2", HAZARD_WRITES, "writes a data set to files" },
	{ "SaveSlices", HAZARD_WRITES, "writes a checkpoint" },
	{ "SaveV2", HAZARD_WRITES, "writes a checkpoint" },
	{ "Send", HAZARD_NETWORK, "sends what it computes to a device that it names" },
	{ "SerializeTRTResource", HAZARD_WRITES, "writes an engine to a file" },
	{ "Skipgram", HAZARD_READS, "reads a vocabulary" },
	{ "SnapshotChunkDataset", HAZARD_READS, "reads a stored data set" },
	{ "SnapshotDataset", HAZARD_WRITES, "writes a data set to files" },
	{ "SnapshotDatasetReader", HAZARD_READS, "reads a stored data set" },
	{ "SnapshotDatasetV2", HAZARD_WRITES, "writes a data set to files" },
	{ "SnapshotNestedDatasetReader", HAZARD_READS, "reads a stored data set" },
	{ "SqlDataset", HAZARD_READS, "reads a database" },
	{ "TFRecordDataset", HAZARD_READS, "reads files as records" },
	{ "TFRecordDatasetV2", HAZARD_READS, "reads files as records" },
	{ "TFRecordReader", HAZARD_READS, "reads the files that a queue names" },
	{ "TFRecordReaderV2", HAZARD_READS, "reads the files that a queue names" },
	{ "TRTEngineOp", HAZARD_NATIVE,
	  "runs a module that it has as bytes, which are not scanned" },
	{ "TextLineDataset", HAZARD_READS, "reads files as records" },
	{ "TextLineReader", HAZARD_READS, "reads the files that a queue names" },
	{ "TextLineReaderV2", HAZARD_READS, "reads the files that a queue names" },
	{ "TryRpc", HAZARD_NETWORK, "calls a server at an address" },
	{ "WholeFileReader", HAZARD_READS, "reads the files that a queue names" },
	{ "WholeFileReaderV2", HAZARD_READS, "reads the files that a queue names" },
	{ "WriteAudioSummary", HAZARD_WRITES, "writes an event file" },
	{ "WriteFile", HAZARD_WRITES, "writes a file whose name it is given" },
	{ "WriteGraphSummary", HAZARD_WRITES, "writes an event file" },
	{ "WriteHistogramSummary", HAZARD_WRITES, "writes an event file" },
	{ "WriteImageSummary", HAZARD_WRITES, "writes an event file" },
	{ "WriteRawProtoSummary", HAZARD_WRITES, "writes an event file" },
	{ "WriteScalarSummary", HAZARD_WRITES, "writes an event file" },
	{ "WriteSummary", HAZARD_WRITES, "writes an event file" },
	{ "XlaCallModule", HAZARD_NATIVE,
	  "runs a module that it has as bytes, which are not scanned" },
	{ "XlaCustomCall", HAZARD_NATIVE, "calls native code by a name" },
	{ "XlaCustomCallV2", HAZARD_NATIVE, "calls native code by a name" },
	{ "_HostRecv", HAZARD_NETWORK, "takes what a device that it names has computed" },
	{ "_HostSend", HAZARD_NETWORK,
	  "sends what it computes to a device that it names" },
	{ "_Recv", HAZARD_NETWORK, "takes what a device that it names has computed" },
	{ "_Send", HAZARD_NETWORK, "sends what it computes to a device that it names" },
	{ "_TPUCompileMlir", HAZARD_NATIVE,
	  "runs a module that it has as bytes, which are not scanned" },
	{ "_XlaHostComputeMlir", HAZARD_NATIVE,
	  "runs a module that it has as bytes, which are not scanned" },
};

enum { N_HAZARDS = sizeof hazards / sizeof *hazards };

static int compare(const void *key, const void *entry)
{
	const struct ckpt_string *op = key;
	const char *name = ((const struct hazard *)entry)->op;
	return bytes_compare(op->p, op->len, name, strlen(name));
}

const struct hazard *hazard_of(struct ckpt_string op)
{
	return bsearch(&op, hazards, N_HAZARDS, sizeof *hazards, compare);
}

bool hazard_is_saving(const struct hazard *h)
{
	static const char *const ops[] = {
		"MergeV2Checkpoints", "Restore", "RestoreSlice", "RestoreV2", "Save",
		"SaveSlices",	      "SaveV2"
	};
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (!strcmp(h->op, ops[i]))
			return true;
	return false;
}

struct hazard_row {
	uint64_t null;
	struct cell_text op, class, why;
};

const struct column hazard_columns[] = {
	{ .name = "op",
	  .type = COL_TEXT,
	  .offset = offsetof(struct hazard_row, op),
	  .help = "what is looked for" },
	{ .name = "class",
	  .type = COL_TEXT,
	  .offset = offsetof(struct hazard_row, class),
	  .help = "reads, writes, python, native, network, prints, process" },
	{ .name = "why",
	  .type = COL_TEXT,
	  .offset = offsetof(struct hazard_row, why),
	  .help = "what it does" },
	{ .name = NULL },
};

static const void *row_at(const struct rows *rows, size_t i)
{
	return &((const struct hazard_row *)rows->arg)[i];
}

struct rows hazard_rows(struct arena *a)
{
	struct hazard_row *all = arena_zeroed(a, N_HAZARDS, sizeof *all);
	for (size_t i = 0; all && i < N_HAZARDS; i++) {
		all[i].op = cell_of(hazards[i].op);
		all[i].class = cell_of(hazard_class_names[hazards[i].class]);
		all[i].why = cell_of(hazards[i].why);
	}
	return (struct rows){ hazard_columns, all ? N_HAZARDS : 0, row_at, all };
}
