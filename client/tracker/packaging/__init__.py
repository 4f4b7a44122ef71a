"""Shipping a version: a folder that another tool takes as it is. Docker and cog, the Hugging Face Hub, MLflow, ONNX.

What always holds: the folder is whole or it is not there; each file of the bundle in it has the sha256 that the
manifest names; nothing of the bundle is carried out or unpickled on the way, and nothing is written outside.
"""

from tracker.packaging.packing import FORMATS, Package, package
from tracker.packaging.shipment import PackagingError

__all__ = ["FORMATS", "Package", "PackagingError", "package"]
