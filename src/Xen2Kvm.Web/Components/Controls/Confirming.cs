using Radzen;

namespace Xen2Kvm.Web.Components.Controls;

/// <summary>Asks for a consent.</summary>
public static class Confirming
{
    /// <summary>Says exactly what an act will do, and asks whether it shall be done.</summary>
    /// <param name="dialogs">Where it is asked.</param>
    /// <param name="title">The question.</param>
    /// <param name="act">Words of the button that agrees.</param>
    /// <param name="says">What will happen, line by line.</param>
    /// <param name="danger">It takes something away.</param>
    /// <param name="keep">Words of the button that does nothing.</param>
    /// <param name="option">A further consent that is off by default; null for none.</param>
    /// <param name="typed">What must be typed first; null for nothing.</param>
    /// <returns>The consent; null when there is none.</returns>
    public static async Task<ConfirmDialog.Consent?> ConfirmAsync(
        this DialogService dialogs, string title, string act, IReadOnlyList<string> says, bool danger = false, string keep = "Keep everything as it is", string? option = null, string? typed = null) =>
        await dialogs.OpenAsync<ConfirmDialog>(title, new Dictionary<string, object?>
        {
            [nameof(ConfirmDialog.Says)] = says,
            [nameof(ConfirmDialog.Act)] = act,
            [nameof(ConfirmDialog.Danger)] = danger,
            [nameof(ConfirmDialog.Keep)] = keep,
            [nameof(ConfirmDialog.Option)] = option,
            [nameof(ConfirmDialog.Typed)] = typed,
        }, new DialogOptions { Width = "600px" }) as ConfirmDialog.Consent;
}
