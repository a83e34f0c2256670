using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Deployment;

/// <summary>Pools that scale with the queues.</summary>
public sealed class ChartKedaTests
{
    [Fact]
    public async Task Pools_go_down_to_none_and_count_what_is_in_hand()
    {
        var release = await Helm.Render("gpu-keda");
        var scaled = release.Find("ScaledObject", "worker-gpu")["spec"]!;
        Assert.Equal(0, scaled["minReplicaCount"]!.GetValue<long>());
        Assert.Equal(8, scaled["maxReplicaCount"]!.GetValue<long>());
        var trigger = Assert.Single(Pod.List(scaled["triggers"]));
        var metadata = trigger["metadata"]!.AsObject();
        Assert.Equal("rabbitmq", (string?)trigger["type"]);
        Assert.Equal("http", (string?)metadata["protocol"]);
        Assert.Equal("QueueLength", (string?)metadata["mode"]);
        Assert.Equal("false", (string?)metadata["excludeUnacknowledged"]);
        // KEDA only accepts strings here.
        Assert.All(metadata, pair => Assert.Equal(System.Text.Json.JsonValueKind.String, pair.Value!.GetValueKind()));
        Assert.DoesNotContain("@", (string?)metadata["host"]);
    }

    [Theory]
    [InlineData("worker-gpu", "viz.scan viz.patches viz.ascent viz.facets viz.live")]
    [InlineData("worker-rest", "viz.gather viz.merge viz.filters viz.sheet")]
    public async Task A_pool_follows_the_queues_of_its_kinds(string pool, string queues)
    {
        var pattern = QueueName(await Helm.Render("gpu-keda"), pool);
        string[] all = [.. DeploymentContract.JobKinds.Select(kind => "viz." + kind), "viz.answers", "viz.scan_error", "vizxscan"];
        Assert.Equal(queues.Split(' ').Order(), all.Where(queue => Regex.IsMatch(queue, pattern)).Order());
    }

    [Fact]
    public async Task A_pool_of_all_kinds_follows_all_queues()
    {
        var release = await Helm.Render(
            "required",
            "workers[0].name=all,workers[0].keda.enabled=true,rabbitmq.management.url=https://mq:15671,"
            + "rabbitmq.management.existingSecret=monitor");
        var pattern = QueueName(release, "worker-all");
        Assert.All(DeploymentContract.JobKinds, kind => Assert.Matches(pattern, "viz." + kind));
        Assert.DoesNotMatch(pattern, "viz.answers");
    }

    [Fact]
    public async Task The_account_comes_out_of_a_secret()
    {
        var trigger = (await Helm.Render("gpu-keda")).Find("TriggerAuthentication", "rabbitmq")["spec"]!;
        Assert.Equal(["password", "username"], Pod.List(trigger["secretTargetRef"]).Select(r => (string?)r["parameter"]).Order());
        Assert.All(Pod.List(trigger["secretTargetRef"]), r => Assert.Equal("viz-rabbitmq-monitor", (string?)r["name"]));
    }

    [Fact]
    public async Task Nobody_else_sets_the_number_of_workers()
    {
        var release = await Helm.Render("everything");
        Assert.Null(release.Pod("worker-gpu").Owner["spec"]!["replicas"]);
        Assert.Equal(4, release.Pod("worker-cpu").Owner["spec"]!["replicas"]!.GetValue<long>());
        // A pool with KEDA disabled does not scale.
        Assert.Single(release.OfKind("ScaledObject"));
        Assert.Equal(Release.Name(release.Pod("worker-gpu").Owner), (string?)release.Find(
            "ScaledObject", "gpu")["spec"]!["scaleTargetRef"]!["name"]);
    }

    [Fact]
    public async Task Without_it_nothing_of_it_is_installed() => Assert.DoesNotContain("keda.sh/", (await Helm.Render("required")).Text);

    private static string QueueName(Release release, string pool) =>
        ((JsonNode)release.Find("ScaledObject", pool))["spec"]!["triggers"]![0]!["metadata"]!["queueName"]!.GetValue<string>();
}
