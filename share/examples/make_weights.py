#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""weights.safetensors: the weights of run/model.ckpt-1000 as someone would convert them.

Needs TensorFlow and safetensors. Names have dots for slashes, as PyTorch has them. Run it in
its folder.
"""
import tensorflow as tf
from safetensors.numpy import save_file

reader = tf.train.load_checkpoint("run/model.ckpt-1000")
names = [n for n in reader.get_variable_to_shape_map()
         if n.split("/")[0] in ("dense1", "dense2", "features", "head", "writer")
         and not n.endswith(("Adam", "Adam_1"))]
save_file({n.replace("/", "."): reader.get_tensor(n) for n in sorted(names)},
          "weights.safetensors", {"format": "np"})
