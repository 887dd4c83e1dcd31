# Objects of Ruby; prints the pages where some of them lie.
require "objspace"
require "json"

keep = (0...300000).map { |n| "object #{n}" }
hash = {}
100000.times { |n| hash[n] = [n] }
pages = keep.each_slice(20).map { |some| JSON.parse(ObjectSpace.dump(some[0]))["address"].hex / 4096 }
pages.uniq.each { |page| puts "small %x %x" % [page * 4096, (page + 1) * 4096] }
puts "ready"
STDOUT.flush
STDIN.read
