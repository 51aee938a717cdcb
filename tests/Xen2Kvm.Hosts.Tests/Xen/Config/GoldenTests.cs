using System.Runtime.CompilerServices;
using System.Text.Json;
using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

/// <summary>Every input under Golden/xen with the JSON it becomes. X2K_UPDATE_GOLDEN=1 writes the expected files anew.</summary>
public sealed class GoldenTests
{
    private static readonly string[] Inputs = [".cfg", ".xl-list.json", ".sxp"];

    public static TheoryData<string> Files()
    {
        var files = Directory.EnumerateFiles(Folder).Select(file => Path.GetFileName(file)!)
            .Where(file => Inputs.Any(end => file.EndsWith(end, StringComparison.Ordinal)));
        return [.. files.Order(StringComparer.Ordinal)];
    }

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Golden", "xen");

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_input_becomes_its_golden_json(string file)
    {
        var reading = ConfigReader.Read(File.ReadAllText(Path.Combine(Folder, file)), file);
        var json = GuestDefinitionJson.Write(reading) + "\n";

        json.ShouldNotContain("hunter2");
        JsonDocument.Parse(json).Dispose();
        if (Environment.GetEnvironmentVariable("X2K_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Path.Combine(SourceFolder(), file + ".golden.json"), json);
            return;
        }

        json.ShouldBe(File.ReadAllText(Path.Combine(Folder, file + ".golden.json")));
    }

    private static string SourceFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Golden", "xen"));
}
