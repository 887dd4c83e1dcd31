# Strings of Perl, which it keeps.
my @list = map { "string $_" } 0 .. 400000;
my %hash = map { $_ => [$_] } 0 .. 50000;
$| = 1;
print "ready\n";
<STDIN>;
print @list + %hash;
