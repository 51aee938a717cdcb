using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;

namespace Xen2Kvm.Bench;

/// <summary>The published dashboard as a process of its own, so that its processor time and memory are its alone.</summary>
internal sealed class Dashboard : IAsyncDisposable
{
    private const double TicksPerSecond = 100;
    private readonly Process _process;

    private Dashboard(Process process, Uri address, HttpClient api, TimeSpan firstPage)
    {
        (_process, Address, Api, FirstPage) = (process, address, api, firstPage);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Asks its API as an operator.</summary>
    public HttpClient Api { get; }

    /// <summary>From the start of the process until it gave its first page, the one to sign in.</summary>
    public TimeSpan FirstPage { get; }

    /// <summary>Starts it on a state directory and waits until it has given its first page.</summary>
    public static async Task<Dashboard> StartAsync(Places places, int port)
    {
        var address = new Uri($"http://127.0.0.1:{port}");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var word in new[] { places.Program, "--Urls", address.ToString(), "--Embedded:DataDirectory", places.Database, "--Dashboard:StateDirectory", places.State,
            "--Dashboard:LocalToken", "true", "--Dashboard:SignInAttemptsPerMinute", "1000", "--Ssh:Program", places.Ssh, "--Logging:LogLevel:Default", "Warning" })
        {
            start.ArgumentList.Add(word);
        }

        start.Environment["X2K_SIZE_HOSTS"] = places.Hosts;
        var token = Path.Combine(places.State, "cli-token");
        File.Delete(token);
        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var api = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
        while (!await AnswersAsync(api))
        {
            if (process.HasExited)
            {
                throw new InvalidOperationException("The dashboard ended while it started.");
            }

            await Task.Delay(10);
        }

        var first = clock.Elapsed;
        while (!File.Exists(token) || new FileInfo(token).Length == 0)
        {
            await Task.Delay(10);
        }

        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(token)).Trim());
        return new Dashboard(process, address, api, first);
    }

    /// <summary>Processor time of the dashboard so far, without its children.</summary>
    public TimeSpan Cpu() => Ticks(11) + Ticks(12);

    /// <summary>Processor time of its children that have ended: its ssh clients.</summary>
    public TimeSpan CpuOfChildren() => Ticks(13) + Ticks(14);

    /// <summary>Resident memory now in MiB.</summary>
    public long ResidentMiB() => Status("VmRSS:");

    /// <summary>The most resident memory there ever was, in MiB.</summary>
    public long PeakMiB() => Status("VmHWM:");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        using var kill = Process.Start("kill", _process.Id.ToString(CultureInfo.InvariantCulture));
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<bool> AnswersAsync(HttpClient api)
    {
        try
        {
            using var answer = await api.GetAsync(new Uri("/account/sign-in", UriKind.Relative));
            return answer.IsSuccessStatusCode && (await answer.Content.ReadAsStringAsync()).Contains("Password", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    // /proc/PID/stat after the name, which may hold anything: field 14 of the manual is number 11 here.
    private TimeSpan Ticks(int field)
    {
        var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
        return TimeSpan.FromSeconds(long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[field], CultureInfo.InvariantCulture) / TicksPerSecond);
    }

    private long Status(string name) => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(),
        CultureInfo.InvariantCulture) / 1024;
}
