"""Little memory."""

from anonmem import KIB, MIB
from scarce import Scarce


class AddressSpace(Scarce):
	def test_memory(self):
		step = 512 * KIB
		self.sweep("as", range(2 * MIB, 48 * MIB, step))
		self.sweep("as", range(2 * MIB, 96 * MIB, 4 * step), "--jobs", "4")
