using System.Text;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class SheetFileTests
{
    private const string Json = """{"name":"Friday","rows":[{"sourceHost":"xen1","guest":"büro","targetHost":"kvm1","format":"Qcow2"}]}""";

    [Fact]
    public void Json_is_read_with_and_without_the_mark_that_editors_put_before_it()
    {
        foreach (var bytes in new[] { Encoding.UTF8.GetBytes(Json), [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Json)] })
        {
            var sheet = SheetFile.Read(new MemoryStream(bytes), isCsv: false);
            (sheet.Name, sheet.Rows.ShouldHaveSingleItem().Guest).ShouldBe(("Friday", "büro"));
        }
    }

    [Theory]
    [InlineData("", false, "wrong at $, line 1")]
    [InlineData("{\n\"rows\": 3}", false, "wrong at $.rows, line 2")]
    [InlineData("null", false, "Give the sheet rows")]
    [InlineData("{\"rows\": [null]}", false, "none of them null")]
    [InlineData("source_host,guest,target_host,vcpus\na,b,c,two\na,b,c,three", true, "Line 3: vcpus is “three”")]
    public void What_cannot_be_read_is_told(string text, bool isCsv, string told) =>
        Should.Throw<RefusedException>(() => SheetFile.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), isCsv)).Message.ShouldContain(told);

    [Fact]
    public void What_is_too_large_is_not_read() =>
        Should.Throw<RefusedException>(() => SheetFile.Read(new MemoryStream(new byte[SheetFile.MostBytes + 1]), isCsv: true)).Message.ShouldContain("larger than 20 MB");
}
