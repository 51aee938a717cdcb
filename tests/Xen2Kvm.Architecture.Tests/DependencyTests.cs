using System.Xml.Linq;

namespace Xen2Kvm.Architecture.Tests;

public sealed class DependencyTests
{
    public static TheoryData<string> Projects => [.. Solution.Projects];

    [Fact]
    public void Every_project_of_src_has_a_rule() =>
        Directory.EnumerateFiles(Path.Combine(Solution.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)["Xen2Kvm.".Length..]).Order()
            .ShouldBe(Solution.Projects.Order());

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_lies_below_it(string project)
    {
        var file = XElement.Load(Path.Combine(Solution.Root, "src", $"Xen2Kvm.{project}", $"Xen2Kvm.{project}.csproj"));
        var references = file.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))["Xen2Kvm.".Length..]);
        references.Except(Solution.MayReference[project]).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_assembly_uses_only_what_lies_below_it(string project)
    {
        var used = Solution.Load(project).GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => name.StartsWith("Xen2Kvm.", StringComparison.Ordinal)).Select(name => name["Xen2Kvm.".Length..]);
        used.Except(Solution.MayUse(project)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Domain")]
    [InlineData("Transfer")]
    public void The_lowest_projects_need_nothing_but_the_runtime(string project)
    {
        var file = XElement.Load(Path.Combine(Solution.Root, "src", $"Xen2Kvm.{project}", $"Xen2Kvm.{project}.csproj"));
        file.Descendants("PackageReference").ShouldBeEmpty();
        Solution.Load(project).GetReferencedAssemblies().Select(name => name.Name!)
            .ShouldAllBe(name => name.StartsWith("System.") || name == "netstandard");
    }

    [Fact]
    public void The_domain_does_no_input_and_no_output() =>
        Solution.Load("Domain").GetReferencedAssemblies().Select(name => name.Name)
            .ShouldNotContain(name => name!.Contains(".IO.") || name.Contains(".Net.") || name.Contains("Process"));
}
