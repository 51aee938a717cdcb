using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Web.Components.Pages.Runs;

/// <summary>The files of a run, one open at a time; its name is in the address bar.</summary>
public sealed partial class RunEvidenceView
{
    private const int MostCharacters = 400_000;
    private RunEvidence? _file;
    private RunResult _result = new();
    private bool _missing;

    /// <summary>The run's id.</summary>
    [Parameter, EditorRequired]
    public Guid RunId { get; set; }

    /// <summary>The run.</summary>
    [Parameter, EditorRequired]
    public required Run Run { get; set; }

    /// <summary>Its plan.</summary>
    [Parameter]
    public Plan? Plan { get; set; }

    /// <summary>Its files, without content.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<RunEvidence> Evidence { get; set; } = [];

    /// <summary>Name of the open file.</summary>
    [Parameter]
    public string? File { get; set; }

    /// <summary>Address of a file.</summary>
    [Parameter, EditorRequired]
    public required Func<string, string> Link { get; set; }

    // The picture says most at a glance, so it is open unless another was chosen.
    private string? Shown => File ?? (Evidence.FirstOrDefault(file => file.MediaType.StartsWith("image/", StringComparison.Ordinal))
        ?? Evidence.FirstOrDefault())?.Name ?? (_result.Verified.Count > 0 ? "hashes" : null);

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        _result = RunResult.Of(Run);
        if (Shown is { } name && name != "hashes" && (_file?.Name != name || Evidence.Any(file => file.Name == name && file.At != _file.At)))
        {
            _file = null;
            await TryAsync(async cancellationToken => _file = await Runs.FindEvidenceAsync(RunId, name, cancellationToken));
            _missing = _file is null;
        }
    }

    private static string Title(RunEvidence file) => file.Name switch
    {
        "screen.png" => "Screenshot",
        "console.txt" => "Serial console",
        "changes.diff" => "Changed files",
        "domain.xml" => "libvirt definition",
        _ => file.Name,
    };

    private static string Data(RunEvidence file) => $"data:{(file.MediaType == "image/png" ? "image/png" : "image/jpeg")};base64,{Convert.ToBase64String(file.Content.Span)}";

    private static string Text(RunEvidence file)
    {
        var text = Encoding.UTF8.GetString(file.Content.Span);
        return text.Length <= MostCharacters ? text : "… the beginning is in the download …\n" + text[^MostCharacters..];
    }

    private static string? DiffClass(string line) => line switch
    {
        ['+', '+', '+', ..] or ['-', '-', '-', ..] or ['#', ..] => "diff-file",
        ['@', ..] => "diff-place",
        ['+', ..] => "diff-added",
        ['-', ..] => "diff-removed",
        _ => null,
    };

    private Task DownloadAsync() => TryAsync(async cancellationToken =>
    {
        using var stream = new MemoryStream(_file!.Content.ToArray());
        using var reference = new DotNetStreamReference(stream);
        await Js.InvokeVoidAsync("x2k.download", cancellationToken, _file.Name, _file.MediaType, reference);
    });
}
