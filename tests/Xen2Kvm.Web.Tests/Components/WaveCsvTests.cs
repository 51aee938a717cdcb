using System.Text;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class WaveCsvTests
{
    private static readonly SheetRow Full = new()
    {
        SourceHost = "xen1", Guest = "db", TargetHost = "kvm1", Storage = "default", Format = DiskFormat.Qcow2, Name = "db-new", Vcpus = 2, MemoryMiB = 512,
        Bridges = new Dictionary<string, string> { ["xenbr0"] = "br0", ["xenbr1"] = "br1" }, Ping = "10.0.0.1", TcpPort = 5432, ProveWithinSeconds = 60,
        ShutdownTimeoutSeconds = 90, RateLimitBytesPerSecond = 1_000_000, Group = "storage", After = new[] { "files", "@web" }, Canary = true,
    };

    [Fact]
    public void What_is_written_is_read_again_the_same()
    {
        var (rows, problems) = WaveCsv.Read(WaveCsv.Write([Full, new SheetRow { SourceHost = "xen1", Guest = "a,b\"c\nd", TargetHost = "kvm1" }]));
        problems.ShouldBeEmpty();
        rows[0].ShouldBeEquivalentTo(Full);
        rows[1].Guest.ShouldBe("a,b\"c\nd");
    }

    [Theory]
    [InlineData("=cmd|' /C calc'!A0")]
    [InlineData("+1")]
    [InlineData("-2")]
    [InlineData("@SUM(A1)")]
    public void A_name_that_a_spreadsheet_would_run_is_escaped_and_comes_back(string name)
    {
        var bytes = WaveCsv.Write([new SheetRow { SourceHost = "xen1", Guest = name, TargetHost = "kvm1" }]);
        Encoding.UTF8.GetString(bytes).ShouldContain("'" + name);
        WaveCsv.Read(bytes).Rows.ShouldHaveSingleItem().Guest.ShouldBe(name);
    }

    [Theory]
    [InlineData("source_host;guest;target_host\r\nxen1;db;kvm1\r\n")]
    [InlineData("sep=;\nSource_Host; Guest ;target_host\nxen1;db;kvm1\n\n;;\n")]
    [InlineData("guest,target_host,source_host\ndb,kvm1,xen1")]
    public void Other_separators_orders_and_empty_lines_are_read(string text) =>
        WaveCsv.Read(Encoding.UTF8.GetBytes(text)).Rows.ShouldHaveSingleItem().ShouldBeEquivalentTo(new SheetRow { SourceHost = "xen1", Guest = "db", TargetHost = "kvm1" });

    [Fact]
    public void UTF_16_is_read_and_Latin_1_is_named()
    {
        var text = "source_host,guest,target_host\nxen1,büro,kvm1\n";
        WaveCsv.Read([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(text)]).Rows.ShouldHaveSingleItem().Guest.ShouldBe("büro");
        WaveCsv.Read(Encoding.Latin1.GetBytes(text)).Problems.ShouldHaveSingleItem().ShouldContain("CSV UTF-8");
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("host,guest\nx,y", "no column host")]
    [InlineData("source_host,guest\nx,y", "target_host is missing")]
    [InlineData("source_host,guest,target_host,guest\na,b,c,d", "guest is there twice")]
    [InlineData("source_host,guest,target_host,vcpus\na,b,c,two", "Line 2: vcpus is “two”")]
    [InlineData("source_host,guest,target_host,tcp_port\na,b,c,70000", "Line 2: tcp_port")]
    [InlineData("source_host,guest,target_host,canary\na,b,c,maybe", "Line 2: canary is “maybe”; give yes or")]
    [InlineData("source_host,guest,target_host,bridges\na,b,c,xenbr0", "Line 2: bridges")]
    public void What_is_wrong_is_told_by_line_and_column(string text, string told) =>
        WaveCsv.Read(Encoding.UTF8.GetBytes(text)).Problems.ShouldContain(problem => problem.Contains(told));

    [Fact]
    public void A_hundred_thousand_rows_are_refused_at_once_and_an_open_quote_is_no_trap()
    {
        var many = "source_host,guest,target_host\n" + string.Concat(Enumerable.Range(0, 100_000).Select(i => $"xen1,g{i},kvm1\n"));
        WaveCsv.Read(Encoding.UTF8.GetBytes(many)).Problems.ShouldHaveSingleItem().ShouldContain("more than 5000 rows");
        WaveCsv.Read(Encoding.UTF8.GetBytes("source_host,guest,target_host\nxen1,\"" + new string('x', 1_000_000))).Problems.ShouldNotBeEmpty();
    }
}
