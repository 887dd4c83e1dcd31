"""Passed to a measure: takes the samples of all rounds, in turn, and keeps them."""

import contextlib
from typing import Callable, NamedTuple

from bench import quiet
from bench.figures import AGAINST, OURS, Missing
from bench.program import progress
from bench.result import Taken


class Own(NamedTuple):
	"""A task for anonmem: `action(program)` returns figure -> number."""

	action: Callable


class Other(NamedTuple):
	"""A task for comparison with anonmem: `action()` returns figure -> number."""

	action: Callable


class Bench:
	"""`folder` is for files; `rounds` how many samples of each are wanted; `programs` side ->
	program, of which there are two with --against."""

	def __init__(self, title, programs, rounds, folder):
		self.programs, self.rounds, self.folder = programs, rounds, folder
		self.watch, self.taken = quiet.Watch(), Taken(title)

	@property
	def this(self):
		"""The program of this source tree."""
		return self.programs[OURS]

	@property
	def paired(self):
		return AGAINST in self.programs

	def actions(self, tasks):
		"""(name, side) -> action. Other programs are left out when comparing a pair of programs."""
		actions = {}
		for name, task in tasks.items():
			if isinstance(task, Own):
				for side, program in self.programs.items():
					actions[name, side] = lambda action=task.action, program=program: action(program)
			elif not self.paired:
				actions[name, OURS] = task.action
		return actions

	def in_turn(self, tasks, rounds=None, warm=True):
		"""Does each task, name -> Own or Other, once a round; if `warm`, after one round that does
		not count. What raises Missing is left out from there on."""
		rounds = rounds or self.rounds
		actions = self.actions(tasks)
		for number in range(0 if warm else 1, rounds + 1):
			progress(f"\tround {number} of {rounds}")
			self.watch.tick()
			for name, side in in_order(list(actions), number):
				with self.missing(name, side) as present:
					sample = actions[name, side]()
					if number:
						self.taken.add(name, side, sample)
				if not present():
					del actions[name, side]

	def once(self, tasks):
		"""Takes a single sample, for exact figures."""
		self.in_turn(tasks, rounds=1, warm=False)

	@contextlib.contextmanager
	def missing(self, name, side=OURS):
		"""Records why the body raised Missing; yields a function that tells whether it did not."""
		missed = []
		try:
			yield lambda: not missed
		except Missing as why:
			missed.append(why)
			self.taken.miss(name, side, str(why))


def in_order(actions, number):
	"""Every other round, the second program of a pair goes first: whatever the first one does to
	the machine is then done to either."""
	if number % 2 == 0:
		return actions
	order = []
	for name, side in actions:
		at = len(order)
		if order and order[-1][0] == name:
			at -= 1
		order.insert(at, (name, side))
	return order
