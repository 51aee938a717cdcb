using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

public sealed class ConfigReaderTests
{
    [Theory]
    [InlineData("name = 'a'", ConfigFormat.Config)]
    [InlineData("# comment\nname = 'a'", ConfigFormat.Config)]
    [InlineData("", ConfigFormat.Config)]
    [InlineData(" \n[ ]", ConfigFormat.XlList)]
    [InlineData("\uFEFF{}", ConfigFormat.XlList)]
    [InlineData("(domain)", ConfigFormat.XmList)]
    [InlineData("DeprecationWarning: x\n(domain)", ConfigFormat.XmList)]
    public void The_first_characters_tell_the_format(string text, ConfigFormat format) => ConfigReader.Detect(text).ShouldBe(format);

    [Theory]
    [InlineData("", "no Xen config")]
    [InlineData("# only a comment", "no Xen config")]
    [InlineData("[ {", "no valid JSON")]
    [InlineData("[ 1, {}, {\"config\":{}}, {\"config\":{\"c_info\":3}} ]", "no domain of xl list -l")]
    [InlineData("[ {\"config\":{\"c_info\":{\"name\":\"\\ud800\"}}} ]", "no valid Unicode")]
    [InlineData("[ {\"config\":{\"c_info\":{\"\\udc00\":1}}} ]", "no valid Unicode")]
    [InlineData("(other)", "no (domain …)")]
    [InlineData("(domain (name a)", "cut off")]
    public void What_is_not_a_guest_is_said(string text, string message) =>
        ConfigReader.Read(text, "x").Problems.ShouldContain(problem => problem.Message.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void Broken_json_names_its_line_and_does_not_repeat_its_text()
    {
        var problem = ConfigReader.Read("[\n { \"vncpasswd\": hunter2 }\n]", "x").Problems.ShouldHaveSingleItem();

        problem.Line.ShouldBe(2);
        problem.ToString().ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_config_in_json_without_a_domain_is_read()
    {
        var guest = ConfigReader.Read("{\"c_info\":{\"type\":\"pvh\",\"name\":\"a\"},\"b_info\":{}}", "libxl-json").Guests.ShouldHaveSingleItem();

        guest.Name.ShouldBe("a");
        guest.Type.ShouldBe(GuestType.Pvh);
        guest.DomainId.ShouldBeNull();
        ConfigReader.Read("[{\"domid\":null,\"config\":{\"c_info\":{},\"b_info\":{\"type.hvm\":{}}}}]", "x").Guests[0].Type.ShouldBe(GuestType.Hvm);
    }

    [Fact]
    public void Sexpressions_are_read_with_quotes_escapes_and_comments()
    {
        var problems = new List<ConfigProblem>();
        var nodes = SxpReader.Parse("# c\n(a 'b \\'c\\' \\\\ \\n' \"d)\" (e) () f)\n) (g", problems);

        nodes.Count.ShouldBe(2);
        var list = nodes[0].ShouldBeOfType<SxpList>();
        list.Key.ShouldBe("a");
        list.Items[1].ShouldBe(new SxpAtom("b 'c' \\ \n"));
        list.Items[2].ShouldBe(new SxpAtom("d)"));
        list.All("e").ShouldHaveSingleItem();
        problems.Select(problem => problem.Line).ShouldBe([3, 3]);
    }

    [Fact]
    public void Deep_input_is_refused_and_long_input_is_read_in_time()
    {
        ConfigReader.Read(new string('(', 100_000), "x").Guests.ShouldBeEmpty();
        ConfigReader.Read("(domain" + new string('(', 100_000), "x").Problems.ShouldContain(problem => problem.Kind == ConfigProblemKind.Limit);
        ConfigReader.Read(new string('[', 100_000), "x").Guests.ShouldBeEmpty();
        ConfigReader.Read(string.Concat(Enumerable.Repeat("(domain (name a)(memory 1))\n", 20_000)), "x").Guests.Count.ShouldBe(20_000);
    }

    [Fact]
    public void Xl_info_is_read()
    {
        var info = XlInfoParser.Parse(
            "host                   : xen1\nrelease                : 6.1.0-28-amd64\nmachine                : x86_64\nnr_cpus                : 4\nnr_nodes               : 1\n"
            + "cores_per_socket       : 2\nthreads_per_core       : 2\ncpu_mhz                : 2394.454\nvirt_caps              : pv hvm hap\ntotal_memory           : 16383\n"
            + "free_memory            : 1234\nxen_major              : 4\nxen_minor              : 17\nxen_extra              : .5\nxen_version            : 4.17.5\n"
            + "xen_caps               : xen-3.0-x86_64 hvm-3.0-x86_64 \nxen_commandline        : placeholder dom0_mem=2G,max:2G com1=115200,8n1\n\nnonsense\n");

        info.Host.ShouldBe("xen1");
        info.Release.ShouldBe("6.1.0-28-amd64");
        info.Machine.ShouldBe("x86_64");
        (info.Cpus, info.Nodes, info.CoresPerSocket, info.ThreadsPerCore, info.CpuMhz).ShouldBe((4, 1, 2, 2, 2394.454));
        (info.TotalMemoryMiB, info.FreeMemoryMiB).ShouldBe((16383, 1234));
        info.XenVersion.ShouldBe("4.17.5");
        info.XenCommandLine.ShouldBe("placeholder dom0_mem=2G,max:2G com1=115200,8n1");
        info.XenCapabilities.ShouldBe(["xen-3.0-x86_64", "hvm-3.0-x86_64"]);
        info.VirtCapabilities.ShouldBe(["pv", "hvm", "hap"]);
        info.CanRunHvm.ShouldBe(true);
    }

    [Fact]
    public void Old_and_empty_xl_info_is_read_too()
    {
        XlInfoParser.Parse("xen_major : 3\nxen_minor : 2\nxen_extra : -1\nxen_caps : xen-3.0-x86_32p\n").XenVersion.ShouldBe("3.2-1");
        XlInfoParser.Parse("xen_caps : xen-3.0-x86_32p\n").CanRunHvm.ShouldBe(false);
        var empty = XlInfoParser.Parse("");
        empty.Host.ShouldBeNull();
        empty.CanRunHvm.ShouldBeNull();
        empty.Cpus.ShouldBeNull();
    }
}
