#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes events/: runs whose event files TensorFlow wrote, and its own reading of them.

    make_events.py            needs tensorflow; run in this folder

    events/manager   TensorFlow 2: a CheckpointManager, runs train and eval in folders of
                     their own, scalars as tensors of several dtypes, other plugins between
    events/restarts  TensorFlow 1: training was given up at step 80 and begun again at 50;
                     then nothing is recorded at 80. Simple values, and tensors whose
                     metadata stand only once

expected.json of each: every scalar of every file, in order, as TensorFlow reads it.
"""
import json
import os
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

v1 = tf.compat.v1


def scalars_of(path):
    """[(tag, step, seconds, dtype, value)] of one file."""
    known, found = set(), []
    for event in v1.train.summary_iterator(path):
        for value in event.summary.value:
            if value.HasField("metadata") and value.metadata.plugin_data.plugin_name == "scalars":
                known.add(value.tag)
            if value.HasField("simple_value"):
                v, dtype = np.float32(value.simple_value), "float32"
            elif value.HasField("tensor") and value.tag in known:
                a = tf.make_ndarray(value.tensor)
                v, dtype = a.reshape(()), tf.as_dtype(value.tensor.dtype).name
            else:
                continue
            found.append([value.tag, event.step, event.wall_time, dtype,
                          v.item() if dtype != "bfloat16" else float(v)])
    return found


def expected(d):
    files = {}
    for folder, _, names in os.walk(d):
        for n in names:
            if "tfevents" in n:
                path = os.path.join(folder, n)
                files[os.path.relpath(path, d)] = scalars_of(path)
    with open(os.path.join(d, "expected.json"), "w") as f:
        json.dump({"files": files}, f, indent=0, sort_keys=True)
        f.write("\n")


def rename(d, name):
    """Event files carry the time and the host in their names."""
    found = sorted(n for n in os.listdir(d) if n.startswith("events.out") and "host" not in n)
    assert len(found) == 1, found
    os.rename(os.path.join(d, found[0]), os.path.join(d, name))


def write(tag, value, plugin="scalars", step=None):
    """As tf.summary.scalar, histogram and text do, which are TensorBoard's."""
    metadata = v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = plugin
    tf.summary.write(tag, value, step=step, metadata=metadata)


def manager(d):
    step = tf.Variable(0, dtype=tf.int64)
    w = tf.Variable([0.5, -0.25, 1.0])
    saver = tf.train.CheckpointManager(tf.train.Checkpoint(step=step, w=w), d, 5)
    train = tf.summary.create_file_writer(os.path.join(d, "train"))
    check = tf.summary.create_file_writer(os.path.join(d, "eval"))
    with train.as_default():
        tf.summary.graph(tf.function(lambda x: tf.nn.softmax(x * w)).get_concrete_function(
            tf.TensorSpec([3], tf.float32)).graph)
    for i in range(1, 13):
        step.assign(10 * i)
        w.assign(w * 0.9)
        with train.as_default(step=10 * i):
            write("loss", tf.constant(2.0 / i))
            write("rate", tf.constant(1e-3))
            write("weights", w, "histograms")
            write("words", tf.constant("none of this is a scalar"), "text")
            for dtype in (tf.float64, tf.float16, tf.bfloat16, tf.int64, tf.int32, tf.uint8, tf.bool):
                write("types/" + dtype.name, tf.cast(tf.constant(i / 3), dtype))
            if i == 4:
                write("hot", tf.constant(float("nan")))
                write("hot", tf.constant(float("inf")), step=80)
        if i % 4 == 3:
            with check.as_default(step=10 * i):
                write("loss", tf.constant(2.5 / i))
        if i % 4 == 0:
            saver.save()
    train.close()
    check.close()
    rename(os.path.join(d, "train"), "events.out.tfevents.1700000000.host.v2")
    rename(os.path.join(d, "eval"), "events.out.tfevents.1700000000.host.v2")


def restarts(d):
    def session(start, end, factor, name):
        writer = v1.summary.FileWriter(d, graph if start else None)
        writer.add_session_log(v1.SessionLog(status=v1.SessionLog.START), start)
        for i in range(start, end, 10):
            s = v1.Summary()
            s.value.add(tag="loss", simple_value=factor / (i + 10))
            if i < 20:
                s.value.add(tag="early", simple_value=i)
            t = s.value.add(tag="lambda")
            t.metadata.plugin_data.plugin_name = "scalars"
            t.tensor.CopyFrom(tf.make_tensor_proto(np.float32(factor + i)))
            if not (start and i == 80):
                writer.add_summary(s, i)
            if i % 40 == 0:
                sess.run(assign, {x: i})
                saver.save(sess, os.path.join(d, "model.ckpt"), global_step=i)
        writer.close()
        rename(d, name)

    with tf.Graph().as_default() as graph, v1.Session() as sess:
        x = v1.placeholder(tf.float32, [], name="x")
        w = v1.get_variable("w", [2], initializer=v1.ones_initializer())
        assign = v1.assign(w, [x, x + 1], name="set")
        saver = v1.train.Saver(save_relative_paths=True)
        sess.run(v1.global_variables_initializer())
        session(0, 90, 100.0, "events.out.tfevents.1700000000.host")
        session(50, 130, 200.0, "events.out.tfevents.1700001000.host")
        for n in os.listdir(d):
            if n.endswith(".meta"):
                os.remove(os.path.join(d, n))


def main():
    for make in (manager, restarts):
        d = os.path.join("events", make.__name__)
        shutil.rmtree(d, ignore_errors=True)
        os.makedirs(d)
        make(d)
        expected(d)


if __name__ == "__main__":
    sys.exit(main())
