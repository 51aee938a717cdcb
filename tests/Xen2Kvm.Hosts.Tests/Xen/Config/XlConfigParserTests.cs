using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

public sealed class XlConfigParserTests
{
    private static XlConfig Parse(string text) => XlConfigParser.Parse(text, "guest.cfg");

    private static string? Text(XlConfig config, string key) => config.Find(key)?.Value.AsText;

    private static string[] Items(XlConfig config, string key) => [.. config.Find(key)!.Value.AsList.Select(item => item.AsText ?? item.ToString())];

    [Fact]
    public void Settings_keep_their_order_and_place()
    {
        var config = Parse("name = 'a'\n  memory=512 ; vcpus = 2\n\n# comment\ndisk = [ 'x' ] # more\n");

        config.Problems.ShouldBeEmpty();
        config.Dialect.ShouldBe(ConfigDialect.Xl);
        config.Settings.Select(setting => (setting.Key, setting.Line, setting.Column))
            .ShouldBe([("name", 1, 1), ("memory", 2, 3), ("vcpus", 2, 16), ("disk", 5, 1)]);
        config.Find("disk")!.Value.Column.ShouldBe(8);
    }

    [Theory]
    [InlineData("a = 'x'", "x")]
    [InlineData("a = \"x\"", "x")]
    [InlineData("a = 'say \"hi\" # not a comment; really'", "say \"hi\" # not a comment; really")]
    [InlineData("a = 'it\\'s'", "it's")]
    [InlineData("a = \"tab\\tnl\\nbs\\\\\"", "tab\tnl\nbs\\")]
    [InlineData("a = \"\\a\\b\\f\\r\\v\"", "\a\b\f\r\v")]
    [InlineData("a = '\\x41\\102\\60'", "AB0")]
    [InlineData("a = '\\d\\xzz'", "\\d\\xzz")]
    [InlineData("a = ''", "")]
    [InlineData("a='x';", "x")]
    [InlineData("a\t=\t'x'\t", "x")]
    [InlineData("a = 'x'\r\n", "x")]
    [InlineData("\uFEFFa = 'x'", "x")]
    [InlineData("a = 'x' # end without newline", "x")]
    public void Strings_are_read_with_their_escapes(string text, string expected)
    {
        var config = Parse(text);

        config.Problems.ShouldBeEmpty();
        Text(config, "a").ShouldBe(expected);
    }

    [Theory]
    [InlineData("512", 512L)]
    [InlineData("0x200", 512L)]
    [InlineData("0xFF", 255L)]
    [InlineData("0777", 511L)]
    [InlineData("0o777", 511L)]
    [InlineData("0", 0L)]
    [InlineData("512L", 512L)]
    [InlineData("-1", -1L)]
    [InlineData("'2048'", 2048L)]
    [InlineData("'0x10'", 16L)]
    [InlineData("True", 1L)]
    [InlineData("False", 0L)]
    [InlineData("1.5", null)]
    [InlineData("'many'", null)]
    [InlineData("09", null)]
    [InlineData("99999999999999999999", null)]
    public void Numbers_are_read_as_strtol_does(string text, long? expected)
    {
        var config = Parse("a = " + text);

        config.Problems.ShouldBeEmpty();
        config.Find("a")!.Value.AsNumber.ShouldBe(expected);
    }

    [Fact]
    public void Lists_may_run_over_lines_with_comments_and_a_trailing_comma()
    {
        var config = Parse("disk = [ # disks\n  'a,b',   # first\n\n  \"c\"\n , 7, ]\nvif=[]\nb=['x'\n]\n");

        config.Problems.ShouldBeEmpty();
        Items(config, "disk").ShouldBe(["a,b", "c", "7"]);
        Items(config, "vif").ShouldBeEmpty();
        Items(config, "b").ShouldBe(["x"]);
    }

    [Fact]
    public void Lists_may_nest()
    {
        var config = Parse("vnuma = [ [ 'pnode=0', 'size=512' ], [ \"pnode=1\", [ 1, 2 ] ] ]");

        config.Problems.ShouldBeEmpty();
        config.Find("vnuma")!.Value.ToString().ShouldBe("[[pnode=0, size=512], [pnode=1, [1, 2]]]");
    }

    [Fact]
    public void Plus_equals_joins_strings_and_lists()
    {
        var config = Parse("extra = 'a'\nextra += ' b'\ndisk = ['x']\ndisk += [ 'y', 'z' ]\nnew += 'n'\n");

        config.Problems.ShouldBeEmpty();
        Text(config, "extra").ShouldBe("a b");
        Items(config, "disk").ShouldBe(["x", "y", "z"]);
        Text(config, "new").ShouldBe("n");
    }

    [Theory]
    [InlineData("a = 'x'\na += ['y']\n")]
    [InlineData("a = 512\na += 1\n")]
    [InlineData("a = '512'\na += 1\n")]
    public void Plus_equals_that_would_have_to_be_computed_is_named(string text)
    {
        var problem = Parse(text).Unparseable.ShouldHaveSingleItem();

        problem.Line.ShouldBe(2);
        problem.Key.ShouldBe("a");
    }

    [Fact]
    public void The_last_of_two_settings_counts_and_the_repetition_is_noted()
    {
        var config = Parse("extra = 'one'\nextra = 'two'\n");

        Text(config, "extra").ShouldBe("two");
        var note = config.Problems.ShouldHaveSingleItem();
        note.Kind.ShouldBe(ConfigProblemKind.Note);
        note.Line.ShouldBe(2);
        config.Unparseable.ShouldBeEmpty();
    }

    [Fact]
    public void Python_literals_of_xm_are_read()
    {
        var config = Parse(
            "disk = ( 'a', 'b' )\nname = ('x'\n   'y')\nextra = 'root=' 'ro' \\\n  \" quiet\"\nkernel = r'/boot\\n'\nlabel = u'ü'\n"
            + "acpi = True\nlong = '''two\nlines'''\nnothing = None\nlist = [ 'a' 'b', None, ]\n\"\"\"doc\nstring\"\"\"\n");

        config.Unparseable.ShouldBeEmpty();
        config.Dialect.ShouldBe(ConfigDialect.Xm);
        Items(config, "disk").ShouldBe(["a", "b"]);
        Items(config, "name").ShouldBe(["xy"]);
        Text(config, "extra").ShouldBe("root=ro quiet");
        Text(config, "kernel").ShouldBe("/boot\\n");
        Text(config, "label").ShouldBe("ü");
        config.Find("acpi")!.Value.AsNumber.ShouldBe(1);
        Text(config, "long").ShouldBe("two\nlines");
        config.Find("nothing").ShouldBeNull();
        Items(config, "list").ShouldBe(["ab"]);
    }

    [Theory]
    [InlineData("import os, re", null)]
    [InlineData("from os import uname", null)]
    [InlineData("print 'hello'", null)]
    [InlineData("name = 'vm' + str(vmid)", "name")]
    [InlineData("name = 'vm%d' % vmid", "name")]
    [InlineData("name = \"vm{}\".format(1)", "name")]
    [InlineData("memory = 256 * 4", "memory")]
    [InlineData("memory = int(x)", "memory")]
    [InlineData("arch = os.uname()[4]", "arch")]
    [InlineData("disk = [ 'phy:' + vg + '/a,xvda,w' ]", "disk")]
    [InlineData("disk = [ 'a' for x in y ]", "disk")]
    [InlineData("cpu = { 'a': 1 }", "cpu")]
    [InlineData("a = b = 'x'", "a")]
    [InlineData("cpus = 0-7", "cpus")]
    [InlineData("name = vmname", "name")]
    [InlineData("a = 'x', 'y'", "a")]
    [InlineData("os.system('rm -rf /')", null)]
    [InlineData("x[1] = 2", null)]
    [InlineData("dict(\n a = 1,\n b = 2)", null)]
    public void Computed_python_is_never_evaluated_but_named_with_its_line(string code, string? key)
    {
        var config = Parse($"first = 1\n{code}\nlast = 'x'\n");

        var problem = config.Unparseable.ShouldHaveSingleItem();
        problem.Kind.ShouldBe(ConfigProblemKind.ComputedExpression);
        problem.Line.ShouldBe(2);
        problem.Key.ShouldBe(key);
        problem.Text.ShouldNotBeEmpty();
        config.Settings.Select(setting => setting.Key).ShouldBe(["first", "last"]);
        config.Dialect.ShouldBe(ConfigDialect.Xm);
    }

    [Fact]
    public void A_python_block_hides_the_settings_in_it()
    {
        var config = Parse("a = 1\nif re.search('64', arch):\n    device_model = '/usr/lib64/qemu-dm'\n\n    # note\n    x = [\n'odd']\nelse:\n\tdevice_model = '/usr/lib/qemu-dm'\nb = 2\n");

        config.Settings.Select(setting => setting.Key).ShouldBe(["a", "b"]);
        config.Unparseable.Select(problem => problem.Line).ShouldBe([2, 8]);
    }

    [Theory]
    [InlineData("a = ", "no value")]
    [InlineData("a = 'open", "never closed")]
    [InlineData("a 'x'", "no = after a")]
    [InlineData("= 'x'", "must start with a name")]
    [InlineData("a = ]", "cannot start with ]")]
    [InlineData("a = 'x' junk", "found junk")]
    [InlineData("a = [ 'x' ; 'y' ]", "found ;")]
    [InlineData("just words here", "no = after just")]
    [InlineData("9lives = 1", "must start with a name")]
    [InlineData("a = @", "cannot start with @")]
    public void Broken_syntax_loses_one_line_only(string line, string message)
    {
        var config = Parse($"first = 1\n{line}\nlast = 2\n");

        var problem = config.Unparseable.ShouldHaveSingleItem();
        problem.Kind.ShouldBe(ConfigProblemKind.Syntax);
        problem.Line.ShouldBe(2);
        problem.Message.ShouldContain(message);
        config.Settings.Select(setting => setting.Key).ShouldBe(["first", "last"]);
    }

    [Fact]
    public void A_missing_bracket_does_not_hide_the_settings_after_it()
    {
        var config = Parse("disk = [ 'a',\n  'b'\nvif = [ 'c' ]\nname = ( 'd'\nmemory = 5\n");

        config.Unparseable.Select(problem => problem.Key).ShouldBe(["disk", "name"]);
        config.Settings.Select(setting => setting.Key).ShouldBe(["vif", "memory"]);
    }

    [Fact]
    public void Passwords_never_reach_a_problem()
    {
        var config = Parse(
            "vncpasswd = 'hunter2' + x\nvncpasswd='hunter2'\nvncpasswd='hunter2'\nvfb = [ 'vnc=1,vncpasswd=hunter2' + y ]\nspicepasswd = \"hunter2 x\" % z\n"
            + "vfb = [ 'vncpasswd=' + 'hunter2' ]\nif x: vncpasswd = 'a' + \"hunter2\"\nvncpasswd 'hunter2'\n");

        config.Problems.Count.ShouldBe(7);
        string.Join('\n', config.Problems).ShouldNotContain("hunter2");
    }

    [Fact]
    public void Huge_deep_and_hopeless_input_is_cut_off_with_a_problem()
    {
        Parse("a = 1\n" + new string('#', XlConfigParser.MaxLength)).Problems.ShouldContain(problem => problem.Kind == ConfigProblemKind.Limit);
        Parse("a = " + new string('[', 500_000)).Problems.ShouldContain(problem => problem.Kind == ConfigProblemKind.Limit);
        var many = Parse(string.Concat(Enumerable.Repeat("a += 'xxxxxxxxxxxxxxxx'\n", 40_000)));
        many.Settings.Count.ShouldBe(XlConfigParser.MaxSettings);
        many.Problems.ShouldHaveSingleItem().Kind.ShouldBe(ConfigProblemKind.Limit);
        foreach (var line in new[] { "a=(\n", "a=[\n", "a='''", "%\n", "a=[(\n", "if x:\n", "a='\\\n" })
        {
            var hopeless = Parse(string.Concat(Enumerable.Repeat(line, 200_000)));
            hopeless.Problems.Count.ShouldBeInRange(1, XlConfigParser.MaxProblems + 1);
        }
    }
}
