using System.Globalization;

namespace VizPipeline.Tests.Deployment;

/// <summary>The chart's coordinator, workers and servers, each on its own.</summary>
public sealed class ChartServiceTests
{
    public static TheoryData<string> ValueSets => [.. Helm.ValueSets];

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Services_get_the_settings_that_they_know(string values)
    {
        foreach (var pod in (await Helm.Render(values)).Pods.Where(pod => DeploymentContract.Required.ContainsKey(pod.Component)))
        {
            // Variables such as OMP_NUM_THREADS are the user's.
            var own = pod.Settings(pod.Container).Where(name => name.Contains("__", StringComparison.Ordinal)
                || name.StartsWith("VIZ_", StringComparison.Ordinal));
            DeploymentContract.Check(pod.Component, own);
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Workers_know_nothing_of_the_database(string values)
    {
        foreach (var worker in (await Helm.Render(values)).Workers)
            Assert.DoesNotContain(worker.Settings(worker.Container), name => name.StartsWith("Postgres", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_tables_are_migrated_with_the_owners_account_and_on_request_by_hand()
    {
        var release = await Helm.Render("everything");
        Assert.All(release.Pod("migration").SecretsRead(), read => Assert.Equal("viz-postgres-owner", read.Secret));
        Assert.DoesNotContain(release.Pod("coordinator").SecretsRead(), read => read.Secret == "viz-postgres-owner");
        Assert.All((await Helm.Render("required")).Pod("migration").SecretsRead(), read => Assert.Equal("viz-postgres", read.Secret));
        Assert.DoesNotContain((await Helm.Render("everything", "migration.enabled=false")).Objects, o => Release.Hooks(o).Length > 0);
    }

    [Fact]
    public async Task Pools_with_devices_ask_for_them()
    {
        var release = await Helm.Render("gpu-keda");
        var (gpu, rest) = (release.Pod("worker-gpu"), release.Pod("worker-rest"));
        Assert.Equal("1", (string?)gpu.Container["resources"]!["limits"]!["nvidia.com/gpu"]);
        Assert.EndsWith("-cuda", (string?)gpu.Container["image"]);
        Assert.Equal("cuda:all", gpu.Variable("Worker__Device"));
        Assert.Equal("scan,patches,ascent,facets,live", gpu.Variable("Worker__Kinds"));
        Assert.NotNull(gpu.Spec["tolerations"]);
        Assert.NotNull(gpu.Spec["nodeSelector"]);
        Assert.DoesNotContain("gpu", rest.Container["resources"]!.ToJsonString());
        Assert.Equal("cpu", rest.Variable("Worker__Device"));
    }

    [Fact]
    public async Task What_a_worker_keeps_on_disk_is_bounded_by_its_volume()
    {
        var release = await Helm.Render("everything");
        var (gpu, cpu) = (release.Pod("worker-gpu"), release.Pod("worker-cpu"));
        Assert.Equal(50L * (1 << 30) * 9 / 10, long.Parse(gpu.Variable("Worker__DiskBytes")!, CultureInfo.InvariantCulture));
        Assert.Contains("shared-cache", gpu.Spec["volumes"]!.ToJsonString());
        Assert.Equal("2Gi", (string?)gpu.Container["resources"]!["requests"]!["ephemeral-storage"]);
        Assert.Contains("\"sizeLimit\":\"20Gi\"", cpu.Spec["volumes"]!.ToJsonString());
        Assert.Equal("22Gi", (string?)cpu.Container["resources"]!["requests"]!["ephemeral-storage"]);
        // The user's own value wins.
        var own = await Helm.Render("required", "worker.resources.requests.ephemeral-storage=9Gi");
        Assert.Equal("9Gi", (string?)own.Pod("worker-cpu").Container["resources"]!["requests"]!["ephemeral-storage"]);
    }

    [Fact]
    public async Task Images_and_networks_are_mounted_read_only()
    {
        var worker = (await Helm.Render("gpu-keda")).Pod("worker-gpu");
        foreach (var folder in (string[])["/images", "/models"])
            Assert.True(
                Pod.List(worker.Container["volumeMounts"]).Single(m => (string?)m["mountPath"] == folder)["readOnly"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Servers_are_there_for_a_trial_only()
    {
        Assert.Equal(3, (await Helm.Render("trial")).OfKind("StatefulSet").Count());
        foreach (var values in (string[])["required", "gpu-keda", "everything"])
            Assert.Empty((await Helm.Render(values)).OfKind("StatefulSet"));
    }

    [Fact]
    public async Task Alerts_and_scraping_are_there_on_request()
    {
        var release = await Helm.Render("everything");
        Assert.NotEmpty(Pod.List(release.Find("PrometheusRule", "")["spec"]!["groups"]![0]!["rules"]));
        Assert.Single(release.OfKind("ServiceMonitor"));
        Assert.DoesNotContain("monitoring.coreos.com", (await Helm.Render("required")).Text);
    }
}
