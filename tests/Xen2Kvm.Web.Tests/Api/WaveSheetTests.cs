using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class WaveSheetTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sheet_is_proposed_imported_and_exported_again()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app", "web");
        const string csv = "source_host,guest,target_host,group,after,memory_mib,canary\nxen1,db,kvm1,storage,,512,yes\nxen1,app,kvm1,,db,,\nxen1,web,kvm1,,@storage app,,\n";
        var proposed = await SendAsync(world.Operator, "propose?name=Friday", csv, HttpStatusCode.OK);
        proposed["allProblems"]!.AsArray().ShouldBeEmpty();
        proposed["rows"]!.AsArray().Count.ShouldBe(3);
        proposed["capacity"]!.AsArray().ShouldContain(use => (string?)use!["resource"] == "memory" && use["adds"]!.GetValue<long>() == (512L + 256 + 256) << 20);
        var before = (await world.Dashboard.Get<IPlanStore>().ListAsync(Token)).Count;

        var wave = await SendAsync(world.Operator, "import?name=Friday", csv, HttpStatusCode.Created);
        wave["entries"]!.AsArray().Select(entry => entry!["dependsOn"]!.AsArray().Count).ShouldBe([0, 1, 2]);
        wave["entries"]![0]!["isCanary"]!.GetValue<bool>().ShouldBeTrue();
        (await world.Dashboard.Get<IPlanStore>().ListAsync(Token)).Count.ShouldBe(before + 3);

        var id = wave["id"]!.GetValue<Guid>();
        var text = await world.Operator.GetStringAsync($"/api/v1/waves/{id}/export?format=csv", Token);
        text.ShouldContain("xen1,web,kvm1,default,raw,");
        text.ShouldContain("db app");
        var sheet = await world.Operator.GetFromJsonAsync<JsonNode>($"/api/v1/waves/{id}/export", Token);
        await world.Operator.SendJsonAsync(HttpMethod.Post, $"/api/v1/waves/{id}/cancel");
        (await world.Operator.SendJsonAsync(HttpMethod.Post, "/api/v1/waves/import", sheet))["entries"]!.AsArray().Count.ShouldBe(3);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_told_at_once_and_nothing_is_stored()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        var before = (await world.Dashboard.Get<IPlanStore>().ListAsync(Token)).Count;
        const string csv = "source_host,guest,target_host,after,vcpus\nxen1,nobody,kvm1,,\nxen9,db,kvm1,,\nxen1,db,kvm9,,\nxen1,app,kvm1,stranger,0\n";
        var told = (await SendAsync(world.Operator, "import?name=Friday", csv, HttpStatusCode.Conflict))["detail"]!.GetValue<string>();
        foreach (var part in new[] { "Row 1: xen1 has no guest nobody", "Row 2: There is no host xen9", "Row 3: There is no host kvm9", "Row 4: Give 1 to 512 virtual CPUs", "waits for stranger" })
        {
            told.ShouldContain(part);
        }

        (await SendAsync(world.Operator, "import?name=Friday", "guest\nx\n", HttpStatusCode.BadRequest))["detail"]!.GetValue<string>().ShouldContain("source_host is missing");
        (await SendAsync(world.Operator, "import", "{\"rows\": 3}", HttpStatusCode.BadRequest, "application/json"))["detail"]!.GetValue<string>().ShouldContain("$.rows");
        (await world.Dashboard.Get<IPlanStore>().ListAsync(Token)).Count.ShouldBe(before);
        (await world.Operator.GetFromJsonAsync<JsonNode>("/api/v1/waves", Token))!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_guests_of_one_name_are_not_put_on_one_disk()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        const string csv = "source_host,guest,target_host,name\nxen1,db,kvm1,same\nxen1,app,kvm1,same\n";
        (await SendAsync(world.Operator, "propose?name=x", csv, HttpStatusCode.OK))["problems"]![0]!.GetValue<string>().ShouldContain("on the same disk");
    }

    [Fact]
    public async Task A_dry_run_asks_every_host_and_says_what_stands_in_the_way()
    {
        await using var world = await WaveWorld.StartAsync(database, "db");
        world.Dashboard.Hosts.Break("the key is refused");
        var checkedNow = await SendAsync(world.Operator, "propose?name=x&check=true", "source_host,guest,target_host\nxen1,db,kvm1\n", HttpStatusCode.OK);
        checkedNow["rows"]![0]!["concerns"]![0]!["title"]!.GetValue<string>().ShouldContain("cannot be inventoried");
    }

    private static async Task<JsonNode> SendAsync(HttpClient api, string path, string text, HttpStatusCode expected, string type = "text/csv")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var response = await api.PostAsync($"/api/v1/waves/{path}", content, Token);
        var answer = await response.Content.ReadAsStringAsync(Token);
        response.StatusCode.ShouldBe(expected, answer);
        return JsonNode.Parse(answer)!;
    }
}
