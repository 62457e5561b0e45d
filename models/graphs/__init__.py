"""The networks that score, as graphs for ONNX Runtime, built from their weights when they are loaded."""
