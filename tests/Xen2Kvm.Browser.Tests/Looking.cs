using System.Runtime.CompilerServices;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Xen2Kvm.Browser.Tests;

/// <summary>Pictures, accessibility and overflow of a page.</summary>
internal static class Looking
{
    /// <summary>Pictures are taken for docs/screenshots.</summary>
    public static bool ForDocs { get; } = Environment.GetEnvironmentVariable("X2K_SCREENSHOTS") == "1";

    /// <summary>No serious or critical finding of axe (WCAG A and AA rules and its best practices).</summary>
    public static async Task ShouldBeAccessibleAsync(this IPage page, string what)
    {
        var result = await page.RunAxe();
        result.Violations.Where(violation => violation.Impact is "serious" or "critical")
            .Select(violation => $"{what}: {violation.Id} ({violation.Impact}): {violation.Help}\n    {string.Join("\n    ", violation.Nodes.Take(4).Select(node => node.Html))}")
            .ShouldBeEmpty();
    }

    /// <summary>The page itself never scrolls sideways; wide tables scroll in their own frame.</summary>
    public static async Task ShouldFitAsync(this IPage page, string what) =>
        (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))
            .ShouldBeLessThanOrEqualTo(0, $"{what} is wider than its window");

    /// <summary>Takes a picture of the whole page: into docs/screenshots when they are taken for docs, else into artifacts.</summary>
    public static async Task TakePictureAsync(this IPage page, string name, int width, bool isState = false)
    {
        // The window becomes as high as the page, so that what sticks to its edges is where a person sees it.
        await page.SetViewportSizeAsync(width, 900);
        var height = Math.Min(1500, Math.Max(900, await page.EvaluateAsync<int>("() => document.documentElement.scrollHeight")));
        await page.SetViewportSizeAsync(width, height);
        await page.WaitForTimeoutAsync(250);
        var directory = Path.Combine(Root(), ForDocs && (!isState || width == 1440) ? "docs/screenshots" : "artifacts/screenshots");
        Directory.CreateDirectory(directory);
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(directory, $"{name}-{width}.png"), Animations = ScreenshotAnimations.Disabled });
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
