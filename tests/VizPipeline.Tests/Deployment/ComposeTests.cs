using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NJsonSchema;

namespace VizPipeline.Tests.Deployment;

/// <summary>Checks of docker-compose.yml that need no Docker.</summary>
public sealed partial class ComposeTests
{
    private static readonly JsonObject Compose = Yaml.Read(Repository.Path("docker-compose.yml")).AsObject();
    private static readonly JsonObject Services = Compose["services"]!.AsObject();

    /// <summary>Services that run once and exit.</summary>
    private static readonly string[] OneShot = ["migrate", "viz"];

    public static TheoryData<string, string> Roles => new()
    {
        { "coordinator", "coordinator" }, { "worker", "worker" }, { "worker-gpu", "worker" }, { "atlas", "atlas" },
        { "migrate", "migrate" }, { "viz", "viz" },
    };

    public static TheoryData<string> ServiceNames => [.. Services.Select(service => service.Key)];

    [Fact]
    public async Task It_keeps_to_the_compose_specification()
    {
        var schema = await Schema();
        Assert.Empty(schema.Validate(Compose.ToJsonString()));
    }

    [Theory]
    [InlineData("depend_on")]
    [InlineData("enviroment")]
    public async Task The_specification_would_find_a_slip(string wrongKey)
    {
        var wrong = Compose.DeepClone();
        wrong["services"]!["worker"]![wrongKey] = new JsonObject();
        Assert.NotEmpty((await Schema()).Validate(wrong.ToJsonString()));
    }

    [Fact]
    public async Task The_dev_container_has_the_same_servers()
    {
        var file = Repository.Path(".devcontainer", "docker-compose.yml");
        var compose = Yaml.Read(file).AsObject();
        Assert.Empty((await Schema()).Validate(compose.ToJsonString()));
        var services = compose["services"]!.AsObject();
        foreach (var server in (string[])["postgres", "rabbitmq", "objectstore"])
            Assert.Equal((string?)Services[server]!["image"], (string?)services[server]!["image"]);
        var mounted = services.SelectMany(service => Pod.List(service.Value!["volumes"])).Where(mount => (string?)mount!["type"] == "bind");
        Assert.All(mounted, mount => Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(file)!, (string)mount!["source"]!))));
        var container = JsonNode.Parse(Repository.Read(".devcontainer", "devcontainer.json"))!;
        Assert.Contains((string)container["service"]!, services.Select(service => service.Key));
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(file)!, (string)container["dockerComposeFile"]!)));
        // The coordinator's accounts may do what worker and atlas do, so its settings are enough.
        var known = services["dev"]!["environment"]!.AsObject().Select(pair => pair.Key)
            .Where(name => name.Contains("__", StringComparison.Ordinal));
        Assert.Empty(known.Select(DeploymentContract.SettingName).Except(DeploymentContract.Settings["coordinator"]));
    }

    [Theory, MemberData(nameof(Roles))]
    public void Services_get_the_settings_that_they_know(string service, string role) =>
        DeploymentContract.Check(role, Environment(service).Select(pair => pair.Key));

    [Fact]
    public async Task The_chart_knows_every_setting_that_compose_makes()
    {
        var release = await Helm.Render("everything");
        foreach (var role in (string[])["coordinator", "worker", "atlas"])
        {
            var pod = release.Pods.First(pod => pod.Component == role);
            var chart = pod.Settings(pod.Container).Select(DeploymentContract.SettingName);
            Assert.Empty(Environment(role).Select(pair => DeploymentContract.SettingName(pair.Key)).Except(chart));
        }
    }

    [Theory, MemberData(nameof(ServiceNames))]
    public void Services_have_no_rights(string name)
    {
        var service = Services[name]!;
        Assert.True(service["read_only"]!.GetValue<bool>());
        Assert.Equal("ALL", (string?)Assert.Single(Pod.List(service["cap_drop"])));
        Assert.Contains("no-new-privileges:true", Pod.List(service["security_opt"]).Select(o => (string?)o));
        // Our own images set an unprivileged user in the Dockerfile.
        if (service["build"] is null)
            Assert.Matches("^[1-9][0-9]*:[0-9]+$", (string?)service["user"]);
    }

    [Theory, MemberData(nameof(ServiceNames))]
    public void Services_start_again_and_say_how_they_are(string name)
    {
        var service = Services[name]!;
        if (OneShot.Contains(name))
        {
            Assert.Equal("no", (string?)service["restart"]);
            return;
        }
        Assert.Equal("unless-stopped", (string?)service["restart"]);
        Assert.NotEmpty(Pod.List(service["healthcheck"]!["test"]));
    }

    [Fact]
    public void Services_wait_for_what_is_healthy()
    {
        foreach (var (name, service) in Services)
        {
            foreach (var (other, condition) in service!["depends_on"] as JsonObject ?? [])
                Assert.Equal(
                    OneShot.Contains(other) ? "service_completed_successfully" : "service_healthy", (string?)condition!["condition"]);
        }
    }

    [Theory, MemberData(nameof(ServiceNames))]
    public void Images_are_of_a_known_version(string name) =>
        Assert.Matches(@":(v?[0-9]+\.[0-9]+[^ ]*|\$\{VIZ_VERSION:-[0-9.]+\}(-cuda)?)$", (string?)Services[name]!["image"]);

    [Theory]
    [InlineData("worker")]
    [InlineData("worker-gpu")]
    public void Workers_are_given_more_time_than_they_take_to_stop(string name)
    {
        var grace = Seconds(Services[name]!["stop_grace_period"]!.GetValue<string>());
        Assert.True(grace > int.Parse(Environment(name)["Worker__ShutdownSeconds"]!, CultureInfo.InvariantCulture));
    }

    [Fact]
    public void The_GPU_comes_by_profile_and_is_not_done_without()
    {
        var service = Services["worker-gpu"]!;
        Assert.Equal("gpu", (string?)Assert.Single(Pod.List(service["profiles"])));
        Assert.Equal("cuda:all", Environment("worker-gpu")["Worker__Device"]);
        Assert.Equal("cuda", (string?)service["build"]!["args"]!["TORCH"]);
        var device = Assert.Single(Pod.List(service["deploy"]!["resources"]!["reservations"]!["devices"]));
        Assert.Equal("gpu", (string?)Assert.Single(Pod.List(device["capabilities"])));
    }

    [Fact]
    public void Workers_cannot_reach_the_database_and_only_three_services_are_reached_from_outside()
    {
        Assert.Equal(["atlas", "coordinator", "migrate", "postgres"], On("data"));
        Assert.Equal(
            ["atlas", "coordinator", "grafana"], Services.Where(pair => pair.Value!["ports"] is not null).Select(pair => pair.Key).Order());
        foreach (var network in (string[])["bus", "data", "monitoring"])
            Assert.True(Compose["networks"]![network]!["internal"]!.GetValue<bool>());
        foreach (var port in Services.SelectMany(pair => Pod.List(pair.Value!["ports"])))
            Assert.StartsWith("${VIZ_BIND:-127.0.0.1}:", (string?)port);

        static IEnumerable<string> On(string network) =>
            Services.Where(pair => Pod.List(pair.Value!["networks"]).Any(n => (string?)n == network)).Select(pair => pair.Key).Order();
    }

    [Fact]
    public void The_atlas_has_accounts_of_its_own()
    {
        var (atlas, coordinator) = (Environment("atlas"), Environment("coordinator"));
        foreach (var name in (string[])[
            "Postgres__User", "Postgres__Password", "RabbitMq__User", "RabbitMq__Password",
            "ObjectStore__AccessKey", "ObjectStore__SecretKey"])
            Assert.NotEqual(coordinator[name], atlas[name]);
    }

    [Fact]
    public void What_is_mounted_from_the_repository_is_there_and_read_only()
    {
        foreach (var volume in Services.SelectMany(pair => Pod.List(pair.Value!["volumes"])))
        {
            var source = volume["source"]!.GetValue<string>();
            if ((string?)volume["type"] == "volume")
            {
                Assert.True(Compose["volumes"]!.AsObject().ContainsKey(source));
                continue;
            }
            Assert.True(volume["read_only"]!.GetValue<bool>());
            if (source.StartsWith("./", StringComparison.Ordinal))
                Assert.True(Path.Exists(Repository.Path(source[2..])), source);
        }
    }

    /// <summary>Returns the variables of a service as compose reads them, without substituting <c>${...}</c>.</summary>
    private static Dictionary<string, string?> Environment(string service) =>
        Services[service]!["environment"]!.AsObject().ToDictionary(pair => pair.Key, pair => (string?)pair.Value);

    private static async Task<JsonSchema> Schema() =>
        await JsonSchema.FromJsonAsync(Repository.Read("tests", "VizPipeline.Tests", "Deployment", "Schemas", "compose-spec.json"));

    private static int Seconds(string duration)
    {
        var parts = Duration().Match(duration);
        Assert.True(parts.Success, duration);
        return (60 * Number(parts.Groups["m"])) + Number(parts.Groups["s"]);

        static int Number(Group group) => group.Success ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex("^((?<m>[0-9]+)m)?((?<s>[0-9]+)s)?$")]
    private static partial Regex Duration();
}
