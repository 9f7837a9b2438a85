#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train a small network and keep five snapshots of it: the run that the examples look at.

    make_run.py OUT              train, and write the snapshots into the folder OUT
    make_run.py --freeze OUT PB  freeze the last of them for its probabilities into PB

Sixteen writers write the letters b, d, p, q, L and J in pictures of 12 x 12 pixels. Some
mirror whatever they write, so that their b is everybody else's d: a picture alone does
not tell the letter, one has to know who wrote it. The network learns a vector for each
writer, and the rows of writer/table fall into two groups as the training goes on.

    picture -> features (fixed filters) -> pool -+
                                                 +-> dense1 -> dense2 -> head -> letter
    writer  -> writer/table ---------------------+

tf.train.Saver writes snapshots at steps 200, 400, 600, 800 and 1000: V2 files, a .meta
for each, and a `checkpoint` file with relative paths. tf.summary.FileWriter writes event
files beside them: the loss of every tenth batch, and in the folder eval loss and accuracy of
other pictures at each snapshot. Two things are there to be found:

  features/     is not trained: it is left out of the optimizer's variables, has no Adam
                slots and is the same in all five snapshots.
  writer/table  has NaN in row 13 of the last snapshot, and no other tensor has any. How
                it gets there is told at PRUNE_FROM.

This needs TensorFlow, for making the files only. The same machine writes the same bytes
every time; another processor or another TensorFlow may round differently.
"""
import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1

SNAPSHOTS = [200, 400, 600, 800, 1000]
BATCH = 64
SIDE = 12
WRITERS = 16
MIRRORING = [2, 3, 7, 8, 11, 14]  # these write everything mirrored
ABSENT = 13  # has a row in the table, but never wrote anything

# From this step on a penalty on the length of each writer's vector is meant to prune
# writers that do not matter. It makes a mistake that people do make: the gradient of |v|
# is v / |v|, which is 0 / 0 for a row that is still zero, as that of ABSENT is. That row
# becomes NaN in one step and nothing shows it: that writer has no pictures, so the loss,
# the accuracy and every other weight stay finite. The penalty is a step of its own beside
# Adam, so the Adam slots stay finite too. The snapshots before this step are clean.
PRUNE_FROM = 850
PRUNE_RATE = 0.0003

LETTERS = {
    "b": ["X....", "X....", "X....", "XXXX.", "X...X", "X...X", "XXXX."],
    "p": ["XXXX.", "X...X", "X...X", "XXXX.", "X....", "X....", "X...."],
    "L": ["X....", "X....", "X....", "X....", "X....", "X....", "XXXXX"],
}
MIRRORED = {"d": "b", "q": "p", "J": "L"}
CLASSES = ["b", "d", "p", "q", "L", "J"]


def glyph(letter):
    """The letter's bitmap, 7 x 5 of 0 and 1."""
    if letter in MIRRORED:
        return glyph(MIRRORED[letter])[:, ::-1]
    return np.array([[c == "X" for c in row] for row in LETTERS[letter]], np.float32)


def write_pictures(n, rng):
    """n pictures with their writers and letters: places, strengths and noise differ."""
    present = [w for w in range(WRITERS) if w != ABSENT]
    pictures = rng.normal(0, 0.15, [n, SIDE, SIDE, 1]).astype(np.float32)
    writers = rng.choice(present, n).astype(np.int32)
    letters = rng.randint(len(CLASSES), size=n).astype(np.int32)
    for picture, writer, letter in zip(pictures, writers, letters):
        shape = glyph(CLASSES[letter])
        if writer in MIRRORING:
            shape = shape[:, ::-1]
        top, left = rng.randint(SIDE - 7 + 1), rng.randint(SIDE - 5 + 1)
        picture[top:top + 7, left:left + 5, 0] += shape * rng.uniform(0.7, 1.2)
    return pictures, writers, letters


def filters():
    """Eight 5 x 5 filters, edges and lines in four directions: [5, 5, 1, 8]."""
    y, x = np.mgrid[-2:3, -2:3].astype(np.float64)
    bell = np.exp(-(x * x + y * y) / 4)
    bank = []
    for k in range(4):
        along = x * np.cos(k * np.pi / 4) + y * np.sin(k * np.pi / 4)
        bank += [bell * np.sin(1.6 * along), bell * np.cos(1.6 * along)]
    bank = [f - bell * f.sum() / bell.sum() for f in bank]  # blind to plain brightness
    bank = [f / np.sqrt((f * f).sum()) for f in bank]
    return np.stack(bank, axis=-1)[:, :, None, :].astype(np.float32)


def dense(name, x, width, seed):
    with v1.variable_scope(name):
        kernel = v1.get_variable("kernel", [x.shape[1], width],
                                 initializer=v1.glorot_uniform_initializer(seed=seed))
        bias = v1.get_variable("bias", [width], initializer=v1.zeros_initializer())
        return tf.nn.bias_add(tf.matmul(x, kernel), bias)


def build():
    """The graph. Returns what main() feeds and runs, by name."""
    picture = v1.placeholder(tf.float32, [None, SIDE, SIDE, 1], name="picture")
    writer = v1.placeholder(tf.int32, [None], name="writer_id")
    letter = v1.placeholder(tf.int32, [None], name="letter")

    with v1.variable_scope("features"):
        kernel = v1.get_variable("kernel", initializer=filters())
        bias = v1.get_variable("bias", [8], initializer=v1.constant_initializer(-0.1))
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(picture, kernel, 1, "VALID"), bias))
        x = tf.reshape(tf.nn.max_pool2d(x, 2, 2, "VALID"), [-1, 4 * 4 * 8])
    with v1.variable_scope("writer"):
        # Zero means that nothing is known of a writer: the first picture changes the row.
        table = v1.get_variable("table", [WRITERS, 8], initializer=v1.zeros_initializer())
        x = tf.concat([x, tf.nn.embedding_lookup(table, writer)], axis=1)
    x = tf.nn.relu(dense("dense1", x, 40, seed=1))
    x = tf.nn.relu(dense("dense2", x, 24, seed=2))
    logits = dense("head", x, len(CLASSES), seed=3)
    tf.nn.softmax(logits, name="probabilities")
    guess = tf.argmax(logits, axis=1, output_type=tf.int32, name="guess")
    right = tf.cast(tf.equal(guess, letter), tf.float32)
    accuracy = tf.reduce_mean(right, name="accuracy")

    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(letter, logits))
    step = v1.train.get_or_create_global_step()
    rate = v1.train.polynomial_decay(0.01, step, SNAPSHOTS[-1], 0.0002, power=1.0)
    learned = [v for v in v1.trainable_variables() if "features/" not in v.name]
    train = v1.train.AdamOptimizer(rate).minimize(loss, step, var_list=learned)

    length = tf.reduce_sum(tf.norm(table, axis=1))
    prune = v1.train.GradientDescentOptimizer(PRUNE_RATE, name="prune").minimize(
        length, var_list=[table])
    return {"picture": picture, "writer": writer, "letter": letter, "loss": loss,
            "accuracy": accuracy, "train": train, "prune": prune}


def recorder(folder):
    """A function that writes scalars of a step into an event file of this folder."""
    writer = v1.summary.FileWriter(folder)

    def record(step, **scalars):
        summary = v1.Summary()
        for tag, value in scalars.items():
            summary.value.add(tag=tag, simple_value=value)
        writer.add_summary(summary, step)

    return record, writer


def close(writer, folder):
    """Closes its event file, whose name would tell the time and the host."""
    writer.close()
    for name in os.listdir(folder):
        if name.startswith("events.out.tfevents."):
            os.rename(os.path.join(folder, name),
                      os.path.join(folder, "events.out.tfevents.1700000000.trainer"))


def main(out):
    checks = os.path.join(out, "eval")
    os.makedirs(checks, exist_ok=True)
    rng = np.random.RandomState(20)
    learn, test = write_pictures(4096, rng), write_pictures(1024, rng)
    # One thread: sums are always added in the same order.
    config = v1.ConfigProto(inter_op_parallelism_threads=1,
                            intra_op_parallelism_threads=1)
    with tf.Graph().as_default() as graph, v1.Session(config=config) as session:
        record, training = recorder(out)
        record_check, checking = recorder(checks)
        v1.set_random_seed(20)
        net = build()
        inputs = [net["picture"], net["writer"], net["letter"]]
        saver = v1.train.Saver(max_to_keep=len(SNAPSHOTS), save_relative_paths=True)
        session.run(v1.global_variables_initializer())
        graph.finalize()
        for step in range(1, SNAPSHOTS[-1] + 1):
            pick = rng.randint(len(learn[0]), size=BATCH)
            _, loss = session.run([net["train"], net["loss"]],
                                  dict(zip(inputs, [a[pick] for a in learn])))
            if step % 10 == 0:
                record(step, loss=loss)
            if step >= PRUNE_FROM:
                session.run(net["prune"])
            if step in SNAPSHOTS:
                path = saver.save(session, os.path.join(out, "model.ckpt"), step,
                                  strip_default_attrs=True)
                loss, right = session.run([net["loss"], net["accuracy"]],
                                          dict(zip(inputs, test)))
                record_check(step, loss=loss, accuracy=right)
                print(f"{path}: test loss {loss:.4f}, {right:.1%} right")
    close(training, out)
    close(checking, checks)


def freeze(out, frozen):
    prefix = tf.train.latest_checkpoint(out)
    with tf.Graph().as_default() as graph, v1.Session() as session:
        v1.train.import_meta_graph(prefix + ".meta").restore(session, prefix)
        constant = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["probabilities"])
    with open(frozen, "wb") as f:
        f.write(constant.SerializeToString(deterministic=True))


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--freeze":
        freeze(*sys.argv[2:])
    elif len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        main(sys.argv[1])
    else:
        sys.exit("usage: make_run.py OUT\n       make_run.py --freeze OUT PB")
