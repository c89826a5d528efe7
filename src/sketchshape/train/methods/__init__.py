"""What is trained and by which loss: one method per file, all run by the one trainer."""

from sketchshape.train.methods.base import Batch, Method
from sketchshape.train.methods.student import Student
from sketchshape.train.methods.teacher import Teacher

__all__ = ["Batch", "Method", "Student", "Teacher"]
