using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using VizPipeline.Catalog;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cluster;

/// <summary>
/// Tests services under their roles' accounts when a right is missing. All other cluster tests run under the same accounts and so show that
/// the rights suffice.
/// </summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public partial class RoleTests(SampleMaterial material, ITestOutputHelper output)
{
    private const string Worker = "VizPipeline.Worker";
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_that_may_not_bind_the_answers_does_not_start_and_says_why()
    {
        var settings = await WorkerAsync(read: @"^viz\.(?!answers|exchange\.answers)");
        using var worker = ServiceProcess.Start(Worker, settings);
        Assert.Equal(2, await worker.FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
        var line = Assert.Single(worker.Log.Trim().Split('\n'), line => line.Contains("cannot start", StringComparison.Ordinal));
        Assert.Contains("user 'viz-worker' lacks a right", line);
        Assert.Contains("viz.exchange.answers", line);
    }

    [Fact]
    public async Task A_worker_that_may_not_publish_is_not_healthy()
    {
        var settings = await WorkerAsync(write: @"^viz\.(?!exchange\.answers)");
        using var worker = ServiceProcess.Start(Worker, settings);
        using var http = await ClientAsync(worker);
        for (var attempt = 0; ; attempt++)
        {
            var answer = await http.GetAsync("/health/ready", _cancellation);
            var text = await answer.Content.ReadAsStringAsync(_cancellation);
            if (text.Contains("its reports have not reached viz.answers", StringComparison.Ordinal))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                break;
            }
            Assert.True(attempt < 120 && answer.StatusCode != HttpStatusCode.OK, text + worker.Log);
            await Task.Delay(500, _cancellation);
        }
    }

    [Fact]
    public async Task A_worker_that_may_not_write_to_the_bucket_does_not_start_and_says_why()
    {
        var settings = await WorkerAsync();
        await ClusterServers.SetPolicyAsync(settings["ObjectStore__Bucket"], worker: "viz-atlas");
        using var worker = ServiceProcess.Start(Worker, settings);
        Assert.Equal(2, await worker.FinishAsync(TimeSpan.FromSeconds(60), _cancellation));
        Assert.Contains(
            "S3 at", Assert.Single(worker.Log.Trim().Split('\n'), line => line.Contains("cannot start", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_atlas_goes_on_within_two_minutes_after_the_store_has_refused_the_coordinator()
    {
        await using var cluster = await TestCluster.StartAsync(
            material, change: settings => settings["Coordinator__AnswerPatience"] = "00:00:03");
        cluster.AddWorkers(1);
        await cluster.WaitForWorkersAsync(1, _cancellation);
        var bucket = cluster.Settings["ObjectStore__Bucket"];
        await cluster.SubmitAsync(_cancellation);
        // The coordinator owns the bucket, but on Ceph an object belongs to its writer: without the policy the coordinator may not read
        // what workers write.
        await ClusterServers.SetPolicyAsync(bucket, coordinator: "viz-atlas");
        using var http = new HttpClient { BaseAddress = new Uri(cluster.Settings["VIZ_COORDINATOR"]) };
        await WaitAsync(
            async () => (await http.GetStringAsync("/metrics", _cancellation)) is var metrics
                && ErrorQueue().Match(metrics) is { Success: true } found
                && found.Groups[1].Value != "0");
        var health = await http.GetStringAsync("/health/ready", _cancellation);
        Assert.StartsWith("Degraded", health);
        Assert.Contains("answers of workers cannot be taken and are tried again", health);
        Assert.Contains(
            "at the moment answers of workers cannot be taken", (await cluster.VizAsync(_cancellation, "status", "sample-network")).Output);

        await ClusterServers.SetPolicyAsync(bucket);
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        output.WriteLine($"complete {seconds:F0} s after the store let the coordinator read again");
        Assert.True(seconds < 120, $"{seconds} s");
        Assert.Empty((await cluster.FaultsAsync(_cancellation)).Errors);
    }

    [Fact]
    public async Task Images_that_workers_do_not_see_are_refused_before_there_are_jobs_and_a_second_submission_tells_what_it_does()
    {
        await using var cluster = await TestCluster.StartAsync(
            material, change: settings => settings["Coordinator__ImageRoots"] = $"/seen/here={material.Images}");
        cluster.AddWorkers(1);
        await cluster.WaitForWorkersAsync(1, _cancellation);
        string[] submit = ["submit", "--model", material.Model, "--images", material.Images, "--layers", "conv1", "--methods", "top9"];
        var refused = await cluster.VizAsync(_cancellation, [.. submit, "--images-at", "/nowhere/photos"]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("the workers do not find the images: ", refused.Output);
        Assert.Contains("/nowhere/photos", refused.Output);
        Assert.Contains(
            $"They see /seen/here as {material.Images}. Give the folder as the workers see it with --images-at", refused.Output);
        Assert.Contains("This cluster has no atlases yet", (await cluster.VizAsync(_cancellation, "status")).Output);

        // A folder for which the coordinator knows the workers' path.
        var planned = await cluster.VizAsync(_cancellation, [.. submit, "--images-at", "/seen/here"]);
        Assert.True(planned.ExitCode == 0, planned.Output);
        Assert.Contains("Planned atlas 'sample-network'", planned.Output);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        Assert.Contains(
            "Atlas 'sample-network' is already complete; nothing was changed", (await cluster.VizAsync(_cancellation, submit)).Output);
        await cluster.VizAsync(_cancellation, "cancel", "sample-network");
    }

    [Fact]
    public async Task A_second_submission_does_failed_jobs_again()
    {
        var images = Directory.CreateDirectory(material.Out("vanishing")).FullName;
        foreach (var file in Directory.GetFiles(material.Images, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(
            8))
            File.Copy(file, Path.Combine(images, Path.GetFileName(file)), overwrite: true);
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.Settings["Coordinator__MaxFailures"] = "1";
        cluster.Services[0].Kill();
        await cluster.Services[0].FinishAsync(TimeSpan.FromSeconds(10), _cancellation);
        cluster.Supervise();
        string[] submit = ["submit", "--model", material.Model, "--images", images, "--layers", "conv1", "--methods", "top9"];
        for (var attempt = 0; (await cluster.VizAsync(_cancellation, submit)) is var (exitCode, told) && exitCode != 0; attempt++)
        {
            Assert.True(attempt < 30, told);
            await Task.Delay(500, _cancellation);
        }
        // Without a worker, nothing checks the images at submission; remove them before one starts.
        Directory.Move(images, images + "-away");
        cluster.AddWorkers(1);
        Assert.Equal(AtlasState.CompletedWithFailures, await cluster.FinishAsync(_cancellation));
        var status = await cluster.VizAsync(_cancellation, "status", "sample-network");
        Assert.Contains("`viz retry sample-network` runs them again", status.Output);
        Directory.Move(images + "-away", images);
        var again = await cluster.VizAsync(_cancellation, submit);
        Assert.Matches(@"Resuming atlas 'sample-network', running \d+ failed or cancelled jobs? again", again.Output);
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
    }

    /// <summary>Gets the settings of a worker with changed rights at the broker.</summary>
    private static async Task<Dictionary<string, string>> WorkerAsync(string? read = null, string? write = null)
    {
        var settings = await ClusterServers.SettingsAsync();
        foreach (var (name, value) in ClusterServers.WorkerSettings)
            settings[name] = value;
        settings["Http__Port"] = $"{Servers.TestServer.FreePorts(1)}";
        settings["Startup__PatienceSeconds"] = "8";
        using var management = ClusterServers.Management();
        var path = $"permissions/{settings["RabbitMq__VirtualHost"]}/viz-worker";
        var rights = (await management.GetFromJsonAsync<Dictionary<string, string>>(path))!;
        (await management.PutAsJsonAsync(
            path, new { configure = rights["configure"], write = write ?? rights["write"], read = read ?? rights["read"] }))
            .EnsureSuccessStatusCode();
        return settings;
    }

    private async Task<HttpClient> ClientAsync(ServiceProcess service)
    {
        await WaitAsync(() => Task.FromResult(Listening().IsMatch(service.Log)), () => service.Log);
        return new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Listening().Match(service.Log).Groups[1].Value}") };
    }

    private async Task WaitAsync(Func<Task<bool>> condition, Func<string>? log = null)
    {
        for (var attempt = 0; !await condition(); attempt++)
        {
            Assert.True(attempt < 300, log?.Invoke());
            await Task.Delay(200, _cancellation);
        }
    }

    [GeneratedRegex(@"Now listening on: http://[0-9.]+:([0-9]+)")]
    private static partial Regex Listening();

    [GeneratedRegex("""^viz_error_queue_messages_total\{[^}]*queue="viz\.answers"[^}]*\} ([0-9]+)""", RegexOptions.Multiline)]
    private static partial Regex ErrorQueue();
}
