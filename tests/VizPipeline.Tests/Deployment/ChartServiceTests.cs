using System.Globalization;

namespace VizPipeline.Tests.Deployment;

/// <summary>The chart's coordinator, workers and servers one by one.</summary>
public sealed class ChartServiceTests
{
    public static TheoryData<string> ValueSets => [.. Helm.ValueSets];

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Services_get_the_settings_that_they_know(string values)
    {
        foreach (var pod in (await Helm.Render(values)).Pods.Where(pod => DeploymentContract.Required.ContainsKey(pod.Component)))
        {
            // OMP_NUM_THREADS and the like are the user's.
            var own = pod.Settings(pod.Container).Where(name => name.Contains("__", StringComparison.Ordinal) || name.StartsWith("VIZ_", StringComparison.Ordinal));
            DeploymentContract.Check(pod.Component, own);
            foreach (var migration in pod.InitContainers)
                DeploymentContract.Check("migrate", pod.Settings(migration));
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Workers_are_given_more_time_than_they_take_to_stop(string values)
    {
        foreach (var worker in (await Helm.Render(values)).Workers)
            Assert.True(worker.GracePeriod > long.Parse(worker.Variable("Worker__ShutdownSeconds")!, CultureInfo.InvariantCulture));
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Workers_know_nothing_of_the_database(string values)
    {
        foreach (var worker in (await Helm.Render(values)).Workers)
            Assert.DoesNotContain(worker.Settings(worker.Container), name => name.StartsWith("Postgres", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_tables_are_brought_up_to_date_first_with_the_owners_account()
    {
        var coordinator = (await Helm.Render("everything")).Pod("coordinator");
        var migration = Assert.Single(coordinator.InitContainers);
        Assert.Equal("migrate", (string?)Assert.Single(Pod.List(migration["args"])));
        Assert.Contains("viz-postgres-owner", coordinator.Volumes.Single(v => (string?)v["name"] == "migration-secrets").ToJsonString());
        Assert.DoesNotContain("viz-postgres-owner", coordinator.Volumes.Single(v => (string?)v["name"] == "secrets").ToJsonString());
        Assert.Empty((await Helm.Render("everything", "coordinator.migrate=false")).Pod("coordinator").InitContainers);
    }

    [Fact]
    public async Task Pools_with_devices_ask_for_them()
    {
        var release = await Helm.Render("gpu-keda");
        var (gpu, rest) = (release.Pod("worker-gpu"), release.Pod("worker-rest"));
        Assert.Equal("1", (string?)gpu.Container["resources"]!["limits"]!["nvidia.com/gpu"]);
        Assert.EndsWith("-cuda", (string?)gpu.Container["image"]);
        Assert.Equal("cuda", gpu.Variable("Worker__Device"));
        Assert.Equal("scan,patches,ascent,live", gpu.Variable("Worker__Kinds"));
        Assert.NotNull(gpu.Spec["tolerations"]);
        Assert.NotNull(gpu.Spec["nodeSelector"]);
        Assert.DoesNotContain("gpu", rest.Container["resources"]!.ToJsonString());
        Assert.Equal("cpu", rest.Variable("Worker__Device"));
    }

    [Fact]
    public async Task The_cache_is_bounded_below_its_volume()
    {
        var release = await Helm.Render("everything");
        var gpu = release.Pod("worker-gpu");
        Assert.True(long.Parse(gpu.Variable("Worker__CacheBytes")!, CultureInfo.InvariantCulture) < 50L << 30);
        Assert.Contains("shared-cache", gpu.Spec["volumes"]!.ToJsonString());
        Assert.Contains("\"sizeLimit\":\"20Gi\"", release.Pod("worker-cpu").Spec["volumes"]!.ToJsonString());
    }

    [Fact]
    public async Task Images_and_networks_are_mounted_read_only()
    {
        var worker = (await Helm.Render("gpu-keda")).Pod("worker-gpu");
        foreach (var folder in (string[])["/images", "/models"])
            Assert.True(Pod.List(worker.Container["volumeMounts"]).Single(m => (string?)m["mountPath"] == folder)["readOnly"]!.GetValue<bool>());
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
