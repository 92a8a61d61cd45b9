"""Time Keras on TensorFlow on one of the benchmark networks: training steps (Adam) or inference, float32.

    python bench_keras.py --net A --mode train --batch 32

Prints a JSON line: the median step on one batch that stays in memory, each step one call of `train_on_batch` or of the
compiled model. A to D are those of `nets/*.net`, F is Keras's own MobileNetV2; Keras has no ResNet-18. Written for
Keras 3.15 on TensorFlow 2.21.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from shapes import NETS, Plain, Shape
from timing import measure, parser, report


def build(shape: Shape) -> keras.Model:
    """The network, softmax included."""
    if not isinstance(shape, Plain):
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
    arguments = parser("Time Keras on one of the benchmark networks.", [net for net in NETS if net != "E"]).parse_args()

    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(0)
    shape = NETS[arguments.net]
    random = np.random.default_rng(0)
    pixels = random.standard_normal((arguments.batch, shape.input_size, shape.input_size, 3), dtype=np.float32)
    images, labels = tf.constant(pixels), tf.constant(random.integers(shape.classes, size=arguments.batch))
    net = build(shape)
    if arguments.mode == "train":
        net.compile(optimizer=keras.optimizers.Adam(1e-4), loss="sparse_categorical_crossentropy")

        def step() -> None:
            net.train_on_batch(images, labels)

    else:
        forward = tf.function(lambda x: net(x, training=False))

        def step() -> None:
            forward(images).numpy()

    version = f"{keras.__version__} on TensorFlow {tf.__version__}"
    report(version, arguments.batch, measure(step, arguments))


if __name__ == "__main__":
    main()
