"""The size of everything: the first number with --full, otherwise the second."""


class Size:
	full = False
	storm = property(lambda s: 5000 if s.full else 120)
	still = property(lambda s: 50 if s.full else 10)
	readings = property(lambda s: 300 if s.full else 10)
	changing = property(lambda s: 3000 if s.full else 40)  # readings of one process
	sleepers = property(lambda s: 10000 if s.full else 1000)
	mappings = property(lambda s: 200000 if s.full else 60000)
	refreshes = property(lambda s: 150 if s.full else 40)


SIZE = Size()
