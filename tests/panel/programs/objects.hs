-- Objects of Haskell, which it keeps.
import qualified Data.Map as M
import System.IO

main :: IO ()
main = do
	let objects = M.fromList [(i, show i) | i <- [1 .. 200000 :: Int]]
	print (sum (map length (M.elems objects)))
	putStrLn "ready"
	hFlush stdout
	_ <- getLine
	print (M.size objects)
