"""anonmem run with programs that were built with a sanitizer."""

from anonmem import MIB
from programs import Programs


class Sanitizers(Programs):
	def test_address_sanitizer(self):
		"""Its runtime wants to be the first library of all."""
		found = self.rss("sanitized", "mapper.c", "-fsanitize=address")
		self.assertGreaterEqual(found["[anon:sanitized]"], MIB)
