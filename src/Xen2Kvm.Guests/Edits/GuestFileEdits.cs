namespace Xen2Kvm.Guests.Edits;

/// <summary>All rules that rewrite a file the guest already has.</summary>
public static class GuestFileEdits
{
    /// <summary>The rules.</summary>
    public static readonly IReadOnlyList<IGuestFileEdit> All =
    [
        new FstabEdit(),
        new CrypttabEdit(),
        new ResumeEdit(),
        new InittabEdit(),
        new SecurettyEdit(),
        new DefaultGrubEdit(),
        new GrubMenuEdit(),
        new LegacyMenuEdit(),
        new BootEntryEdit(),
        new KernelCmdlineFileEdit(),
        new GrubEnvironmentEdit(),
        new InitramfsModulesEdit(),
        new SuseKernelEdit(),
        new IfcfgEdit(),
    ];

    /// <summary>Applies every rule that concerns the file.</summary>
    /// <returns>The new text and the reasons; the reasons are empty when nothing changes.</returns>
    public static (string Text, IReadOnlyList<string> Reasons) Apply(string path, string text, EditContext context)
    {
        var reasons = new List<string>();
        foreach (var edit in All.Where(edit => edit.Concerns(path)))
        {
            var changed = edit.Apply(text, context);
            if (!string.Equals(changed, text, StringComparison.Ordinal))
            {
                reasons.Add(edit.Reason);
                text = changed;
            }
        }

        return (text, reasons);
    }
}
