"""A computation for ONNX Runtime, put together operation by operation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPERATOR_SET, FORMAT = 18, 10
"""Of ONNX: any ONNX Runtime that the project allows knows both."""
KINDS = {np.dtype(np.uint8): TensorProto.UINT8, np.dtype(np.float32): TensorProto.FLOAT}
ERRORS_ONLY = 3

Name = str
"""Of a value in a graph: an input, a constant, or what an operation gives."""


class Session:
    """A graph ready to run, on one thread: the project's processes give the parallelism."""

    def __init__(self, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        # The arena would keep for good what one run at a slide's beginning takes: 500 MB.
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def __call__(self, **inputs: NDArray[Any]) -> tuple[NDArray[np.float32], ...]:
        """The graph's outputs, in their order."""
        return tuple(self._session.run(None, inputs))


class Graph:
    """Operations on named values; `session` makes them run."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []

    def input(self, name: Name, kind: type[np.generic], *shape: int | str) -> Name:
        """Declare an input; a side that is a text may have any length."""
        self._inputs.append(helper.make_tensor_value_info(name, KINDS[np.dtype(kind)], shape))
        return name

    def constant(self, value: NDArray[Any]) -> Name:
        """Take in an array as it is."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def number(self, value: float) -> Name:
        """Take in a number of single precision."""
        return self.constant(np.array(value, np.float32))

    def add(self, operation: str, *operands: Name, **attributes: int | str | list[int]) -> Name:
        """Append an operation of ONNX; give the name of its first output."""
        name = f"value_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, operands, [name], **dict[str, Any](attributes)))
        return name

    def convolution(
        self, features: Name, weight: NDArray[np.float32], bias: NDArray[np.float32], stride: int, groups: int
    ) -> Name:
        """Convolve with weight (D, C / groups, k, k); the stride alone makes the result smaller."""
        operands = self.constant(weight), self.constant(bias)
        return self.convolution_by(features, *operands, weight.shape[2], stride, groups)

    def convolution_by(
        self, features: Name, weight: Name, bias: Name, kernel: int, stride: int, groups: int
    ) -> Name:
        """`convolution` with a weight and bias that the graph has already; `kernel` is k."""
        return self.add(
            *("Conv", features, weight, bias),
            kernel_shape=[kernel] * 2,
            pads=[kernel // 2] * 4,
            strides=[stride] * 2,
            group=groups,
        )

    def transposed_convolution(self, features: Name, weight: Name, stride: int) -> Name:
        """The way back through a `convolution` of one group and weight (D, C, 3, 3), from D channels to C."""
        return self.add(
            *("ConvTranspose", features, weight),
            pads=[1] * 4,
            strides=[stride] * 2,
            output_padding=[stride - 1] * 2,
        )

    def images(self, crops: Name, middle: float, levels: float) -> Name:
        """(N, H, W, 3) uint8 to (N, 3, H, W) about zero; `levels` of the picture make one."""
        first = self.add("Cast", self.add("Transpose", crops, perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)
        return self.add("Mul", self.add("Sub", first, self.number(middle)), self.number(1 / levels))

    def pooled(self, features: Name) -> Name:
        """(N, C, H, W) to (N, C), the means over places."""
        return self.add("Flatten", self.add("GlobalAveragePool", features))

    def session(self, outputs: Sequence[Name]) -> Session:
        """Make the graph ready to run for some of its values."""
        graph = helper.make_graph(
            self._nodes,
            "network",
            self._inputs,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            self._constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPERATOR_SET)], ir_version=FORMAT
        )
        return Session(model.SerializeToString())
