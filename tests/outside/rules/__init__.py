"""The rules of the schedule, one part a module, written from their text alone with Python's standard library: slow and obvious."""
