// Objects of Java, which it keeps.
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public class Objects {
	public static void main(String[] arguments) throws Exception {
		List<Object> list = new ArrayList<>();
		Map<String, Object> map = new HashMap<>();

		for (int i = 0; i < 400000; i++) {
			list.add(new int[20]);
			map.put("k" + i, new Object());
		}
		System.gc();
		System.out.println("ready");
		System.in.read();
		System.out.println(list.size() + map.size());
	}
}
