using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace Xen2Kvm.Lab.Tests;

/// <summary>The dashboard as a process of its own, with its own database, that can be killed and started again.</summary>
internal sealed class Dashboard : IAsyncDisposable
{
    private readonly int _port = FreePort();
    private readonly HttpClient _client = new();
    private Process? _process;

    public string StateDirectory { get; } = Directory.CreateTempSubdirectory("x2k-lab-").FullName;

    private string TokenFile => Path.Combine(StateDirectory, "cli-token");

    public string Url => $"http://127.0.0.1:{_port}";

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            ArgumentList = { Programs.Dll("Xen2Kvm.Web", "Xen2Kvm.Web.dll") },
            Environment =
            {
                ["Urls"] = Url,
                ["X2K_STATE_DIR"] = StateDirectory,
                ["Embedded__DataDirectory"] = Path.Combine(StateDirectory, "postgres"),
                ["Dashboard__LocalToken"] = "true",
                ["Runs__AgentPath"] = Programs.Agent,

                // What a test moved is cleaned up by the next one.
                ["Cleanup__HoldPeriod"] = "00:00:00",

                // A host that has gone away is noticed while a test waits for it.
                ["Ssh__AliveInterval"] = "00:00:05",
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
            },
        };
        // The database's own account must be able to enter the directory above its data.
        File.SetUnixFileMode(StateDirectory, (UnixFileMode)0b111_101_101);
        File.Delete(TokenFile);
        _process = Process.Start(start)!;
        var log = new StreamWriter(Path.Combine(StateDirectory, "dashboard.log"), append: true) { AutoFlush = true };
        _process.OutputDataReceived += (_, line) => { lock (log) { log.WriteLine(line.Data); } };
        _process.ErrorDataReceived += (_, line) => { lock (log) { log.WriteLine(line.Data); } };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var client = new HttpClient { BaseAddress = new Uri(Url) };
        await Wait.UntilAsync($"the dashboard answers (log: {StateDirectory}/dashboard.log)", TimeSpan.FromMinutes(3), async () =>
        {
            _process.HasExited.ShouldBeFalse(await File.ReadAllTextAsync(Path.Combine(StateDirectory, "dashboard.log")));
            return (await client.GetAsync("/health")).StatusCode == HttpStatusCode.OK && File.Exists(TokenFile);
        });
    }

    /// <summary>Ends the process as a power cut would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Runs the command line client against this dashboard.</summary>
    public Task<Ended> X2kAsync(params string[] arguments) => X2kWithInputAsync(null, arguments);

    /// <summary>The same, with something on its standard input.</summary>
    public Task<Ended> X2kWithInputAsync(string? input, params string[] arguments) => Programs.RunAsync(
        "dotnet", [Programs.Dll("Xen2Kvm.Cli", "x2k.dll"), .. arguments], TimeSpan.FromMinutes(20),
        new Dictionary<string, string>
        {
            ["X2K_URL"] = Url, ["X2K_TOKEN"] = File.ReadAllText(TokenFile).Trim(),
        },
        input);

    /// <summary>Asks the API. What is asked again and again is asked so: a program for each question would take a processor from the emulated hosts.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Url}/api/v1/{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(TokenFile)).Trim());
        using var response = await _client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_process is { HasExited: false })
        {
            // A plain end, so that it stops its database too.
            await Programs.RunAsync("kill", ["-TERM", $"{_process.Id}"]);
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        File.Exists(Path.Combine(StateDirectory, "postgres", "data", "postmaster.pid")).ShouldBeFalse("the database ends with the dashboard, also when one before it was killed");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>Waits for conditions.</summary>
internal static class Wait
{
    public static async Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> condition)
    {
        var until = DateTimeOffset.UtcNow + limit;
        Exception? last = null;
        while (DateTimeOffset.UtcNow < until)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
            {
                last = failure;
            }

            await Task.Delay(500);
        }

        throw new TimeoutException($"Waited {limit} in vain until {what}. {last?.Message}");
    }
}
