"""Time Keras on TensorFlow on the benchmark networks: training steps (Adam) and inference, float32.

    python bench_keras.py --net A --mode train

Prints a JSON line: the median of `--steps` steps after `--warmup` unmeasured ones, on one batch that
stays in memory, each step one call of `train_on_batch` or of the compiled model. A to D are those of
`nets/*.net`, F is Keras's own MobileNetV2; Keras has no ResNet-18. Written for Keras 3.15 on
TensorFlow 2.21.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from bench_torch import NETS, Net, median_seconds, report


def build(name: str) -> keras.Model:
    shape = NETS[name]
    if not isinstance(shape, Net):
        return keras.applications.MobileNetV2(weights=None)
    net = keras.Sequential([keras.Input((shape.input_size, shape.input_size, 3))])
    for filters, pool in shape.blocks:
        for _ in range(2):
            net.add(layers.Conv2D(filters, 3, activation="relu"))
        net.add(layers.MaxPooling2D(pool))
    net.add(layers.Flatten())
    for units in shape.dense:
        net.add(layers.Dense(units, activation="relu"))
    net.add(layers.Dense(shape.classes, activation="softmax"))
    return net


def main() -> None:
    parser = argparse.ArgumentParser(description="Time Keras on one of the benchmark networks.")
    parser.add_argument("--net", choices=[name for name in NETS if name != "E"], required=True)
    parser.add_argument("--mode", choices=["train", "infer"], required=True)
    parser.add_argument("--batch", type=int, help="images a step")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()

    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(0)
    shape = NETS[arguments.net]
    batch = arguments.batch or shape.batch_size
    random = np.random.default_rng(0)
    images = tf.constant(random.standard_normal((batch, shape.input_size, shape.input_size, 3), dtype=np.float32))
    labels = tf.constant(random.integers(shape.classes, size=batch))
    net = build(arguments.net)
    if arguments.mode == "train":
        net.compile(optimizer=keras.optimizers.Adam(1e-4), loss="sparse_categorical_crossentropy")

        def step() -> None:
            net.train_on_batch(images, labels)

    else:
        forward = tf.function(lambda x: net(x, training=False))

        def step() -> None:
            forward(images).numpy()

    seconds = median_seconds(step, arguments.warmup, arguments.steps)
    version = f"{keras.__version__} on TensorFlow {tf.__version__}"
    report("keras", version, arguments.net, arguments.mode, batch, arguments.threads, seconds)


if __name__ == "__main__":
    main()
