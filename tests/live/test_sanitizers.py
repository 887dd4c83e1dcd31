"""anonmem run with programs built with a sanitizer."""

from anonmem import MIB
from programs import Programs


class Sanitizers(Programs):
	def test_address_sanitizer(self):
		"""Its runtime requires to be loaded first."""
		found = self.rss("sanitized", "mapper.c", "-fsanitize=address")
		self.assertGreaterEqual(found["[anon:sanitized]"], MIB)
