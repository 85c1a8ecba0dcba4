import { describe, expect, test } from "vitest";
import { meizuSign } from "../../../../src/push/vendors/meizu-sign.ts";

describe("Meizu's signature", () => {
  test("Meizu's signature of the example in its document is the document's", () => {
    const parameters = {
      appId: "10000",
      pushIds: "RA50c6348036344485d01776773577c64740465480a6b",
      messageJson: '{"title":"title","content":"content","pushTimeInfo":{"offLine":1,"validTime":24}}',
    };
    expect(meizuSign(parameters, "<APP_SECRET>")).toBe("ac076ff25d9900015a681cb5172aa53b");
  });

  test("Meizu's signature does not depend on the order of the parameters", () => {
    expect(meizuSign({ b: "2", a: "1", C: "3" }, "s")).toBe(meizuSign({ C: "3", a: "1", b: "2" }, "s"));
  });

  test("Meizu's signature is of the values as they are, before the form encodes them", () => {
    // printf 'a=奶酪 & +%41s' | md5sum
    expect(meizuSign({ a: "奶酪 & +%41" }, "s")).toBe("fabd14933fabc5f1f31d1daeb464463b");
  });
});
