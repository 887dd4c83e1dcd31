<?php
// Strings of PHP; prints how much its heap has.
$keep = [];
for ($n = 0; $n < 300000; $n++)
	$keep[] = "s$n";
$large = str_repeat("x", 8 << 20);
echo "total ", memory_get_usage(true), "\nready\n";
fgets(STDIN);
