using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using VizPipeline.Jobs;
using VizPipeline.Network.Torch;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Tests.Hosting;
using VizPipeline.Worker;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Tests.Worker;

/// <summary>
/// Tests a worker with two devices, both of them the CPU: what they share, and what happens when one fails.
/// </summary>
public sealed class DeviceTests : IDisposable
{
    private const string Ecc = "CUDA error: uncorrectable ECC error encountered\nCUDA kernel errors might be asynchronously reported";
    private const string Memory =
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 1 has a total capacity of 79.11 GiB of which 1.20 GiB is free.";
    private readonly TemporaryFolder _folder = new();
    private readonly SmallAtlas _small = new() { ShardImages = 4 };
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _small.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("cpu", "cpu", "cpu")]
    [InlineData("auto", "cpu", "auto")]
    [InlineData("cpu,cpu", "cpu:0 cpu:1", "cpu")]
    [InlineData("cpu, cpu,cpu", "cpu:0 cpu:1 cpu:2", "cpu")]
    public void Devices_have_names(string asked, string names, string kind)
    {
        Assert.SkipWhen(TorchDevice.KindOf(TorchDevice.FindAll("auto")[0].Name) == "cuda", "auto is CUDA here");
        Assert.Equal(names.Split(' '), TorchDevice.FindAll(asked).Select(device => device.Name));
        Assert.Equal(names.Split(' ').Length, TorchDevice.Count(asked));
        Assert.Equal(kind, TorchDevice.KindOf(asked));
    }

    [Theory]
    [InlineData("tpu", "device 'tpu' is unknown; use auto, cpu, cuda")]
    [InlineData("cuda:x", "device 'cuda:x' is unknown")]
    [InlineData("cpu,auto", "device 'cpu,auto' is unknown")]
    [InlineData("cuda:all", "device 'cuda:all' is not available")]
    [InlineData("cpu,cuda:3", "device 'cuda:3' is not available")]
    public void A_device_that_is_not_there_is_named(string asked, string told)
    {
        Assert.SkipWhen(TorchDevice.KindOf(TorchDevice.FindAll("auto")[0].Name) == "cuda", "there are CUDA devices here");
        Assert.Contains(told, Assert.Throws<DeviceUnavailableException>(() => TorchDevice.FindAll(asked)).Message);
    }

    [Fact]
    public void Who_uses_one_device_refuses_several()
        => Assert.Equal(
            "device 'cpu,cpu' stands for 2 devices, but only one can be used here: name one of cpu:0, cpu:1",
            Assert.Throws<DeviceUnavailableException>(
                () => TorchDevice.Find("cpu,cpu")).Message);

    [Fact]
    public async Task Both_devices_work_and_a_broken_one_is_set_aside_in_the_middle_of_its_job_while_the_other_finishes_the_atlas()
    {
        string expected;
        await using (var service = await StartAsync("whole", _ => null))
        {
            await service.FinishAsync("small");
            Assert.All(service.Gate.Devices, device => Assert.True(device.Activity.Done > 0, $"{device.Name} did nothing"));
            expected = await ContentsAsync(service, "whole");
        }

        await using (var service = await StartAsync("broken", device => device == "cpu:1" ? Ecc : null))
        {
            await service.FinishAsync("small");
            Assert.Equal(expected, await ContentsAsync(service, "broken"));
            Assert.Equal("cpu:0; set aside: cpu:1 (CUDA error: uncorrectable ECC error encountered)", service.Gate.Text());
            Assert.False(service.Gate.Lost.IsCompleted);
            Assert.Contains(
                service.Log.Lines,
                line => line.Message.StartsWith("Device cpu:1 is set aside until this process is started again", StringComparison.Ordinal));
            var health = await service.HealthAsync();
            Assert.Equal(200, health.Status);
            Assert.Contains("devices: Degraded, cpu:0; set aside: cpu:1", health.Text);
            // As `viz workers` shows it after the next report.
            await WaitUntilAsync(async () =>
            {
                await using var catalog = service.Database.Open();
                return await catalog.Workers.SingleAsync(_cancellation) is { Devices: 1 } worker && worker.Device == service.Gate.Text();
            });
            var metrics = await service.MetricsAsync();
            Assert.Contains("viz_worker_devices_set_aside", metrics.Text);
            await using var jobs = service.Database.Open();
            Assert.Equal(1, await jobs.Jobs.SumAsync(job => job.Losses, _cancellation));
            Assert.Equal(0, await jobs.Jobs.SumAsync(job => job.Failures, _cancellation));
        }
    }

    [Fact]
    public async Task A_live_request_that_finds_no_memory_beside_a_job_leaves_the_device_to_the_job()
    {
        var gate = Gate();
        using var job = await gate.EnterAsync(_cancellation);
        Assert.Equal(DeviceFaultKind.OutOfMemory, gate.Note(job.Device, new TorchException(Memory), isLive: true).Kind);
        Assert.Null(job.Device.Fault);
        // Without a job on the device, running out of memory is a fault of the device.
        using var live = await gate.EnterLiveAsync([job.Device], _cancellation);
        gate.Note(live.Device, new TorchException(Memory), isLive: true);
        Assert.NotNull(live.Device.Fault);
    }

    [Fact]
    public async Task A_device_that_breaks_while_it_rests_is_set_aside()
    {
        var gate = Gate();
        var device = (await gate.FindAsync())[0];
        gate.Note(device, new TorchException(Memory));
        Assert.False(device.IsBroken);
        gate.Note(device, new TorchException(Ecc));
        Assert.True(device.IsBroken);
        Assert.Contains("ECC", device.Fault);
    }

    [Fact]
    public async Task A_device_without_memory_rests_while_the_other_works_and_comes_back()
    {
        var shortages = 0;
        await using var service = await StartAsync(
            "short", device => device == "cpu:1" && Interlocked.Increment(ref shortages) == 1 ? Memory : null);
        await service.FinishAsync("small");
        Assert.Contains(
            service.Log.Lines,
                line => line.Message.StartsWith("Device cpu:1 is set aside for 30 s: CUDA out of memory", StringComparison.Ordinal));
        await WaitUntilAsync(() => Task.FromResult(service.Gate.Text() == "cpu:0, cpu:1"));
        await using var catalog = service.Database.Open();
        Assert.Equal((1, 0), (await catalog.Jobs.SumAsync(job => job.Failures, _cancellation), await catalog.Jobs.SumAsync(
            job => job.Losses, _cancellation)));
        Assert.Contains(
            "halve --batch", await catalog.Jobs.Where(job => job.Failures > 0).Select(job => job.Error).SingleAsync(_cancellation));
    }

    [Fact]
    public async Task Without_any_device_left_the_worker_is_not_healthy_and_says_why()
    {
        await using var service = await StartAsync("lost", _ => Ecc);
        var reason = await service.Gate.Lost.WaitAsync(TimeSpan.FromSeconds(30), _cancellation);
        Assert.Contains("cpu:0 (CUDA error", reason);
        Assert.Contains("cpu:1 (CUDA error", reason);
        await WaitUntilAsync(
            () => Task.FromResult(
                service.Log.Lines.Any(
                    line => line.Message.StartsWith("No device is left, so this worker ends", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Live_requests_go_to_the_least_busy_device()
    {
        await using var service = await StartAsync("live", _ => null, plan: false);
        await service.Gate.FindAsync();
        using var job = await service.Gate.EnterAsync(_cancellation);
        Assert.Equal("cpu:0", job.Device.Name);
        using var first = await service.Gate.EnterLiveAsync(cancellation: _cancellation);
        using var second = await service.Gate.EnterLiveAsync(cancellation: _cancellation);
        using var third = await service.Gate.EnterLiveAsync(cancellation: _cancellation);
        Assert.Equal(["cpu:1", "cpu:0", "cpu:1"], new[] { first, second, third }.Select(turn => turn.Device.Name));
        first.Dispose();
        third.Dispose();
        using var fourth = await service.Gate.EnterLiveAsync(cancellation: _cancellation);
        Assert.Equal("cpu:1", fourth.Device.Name);
        Assert.Equal(TimeSpan.Zero, service.Gate.Idle);
    }

    private static DeviceGate Gate() => new(
        Options.Create(new WorkerOptions { Device = "cpu,cpu", Rest = TimeSpan.FromSeconds(30) }),
        TimeProvider.System, NullLogger<DeviceGate>.Instance);

    private async Task<TestService> StartAsync(string name, Func<string, string?> fault, bool plan = true)
    {
        var service = new TestService(_folder.File(name), device: "cpu,cpu", change: services =>
        {
            // There are many patches jobs, so both devices get some.
            foreach (var known in services.Where(service => service.ServiceType == typeof(IJobHandler)).ToList())
            {
                services.Remove(known);
                services.AddSingleton(provider => (IJobHandler)known.ImplementationFactory!(provider) is var handler
                    && handler is RenderPatchesHandler real ? new FaultyPatches(real, fault) : handler);
            }
        });
        var (spec, images) = _small.Plan();
        if (plan)
            await service.StartAsync(spec with { NeuronsPerJob = 1 }, images);
        return service;
    }

    private async Task<string> ContentsAsync(TestService service, string name)
    {
        var lines = new List<string> { await CatalogFixture.Contents(service.Database, "small") };
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_folder.File(name), "atlases"), "*", SearchOption.AllDirectories).Order(
            StringComparer.Ordinal))
            if (Path.GetFileName(file) != "manifest.json" && Path.GetFileName(Path.GetDirectoryName(file)) != "machines")
                lines.Add(
                    $"{Path.GetRelativePath(_folder.File(name), file)} "
                    + $"{Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(file, _cancellation)))}");
        Assert.True(lines.Count > 10);
        return string.Join('\n', lines);
    }

    private async Task WaitUntilAsync(Func<Task<bool>> isSo)
    {
        for (var attempt = 0; !await isSo(); attempt++)
        {
            Assert.True(attempt < 300);
            await Task.Delay(100, _cancellation);
        }
    }

    private sealed class TorchException(string message) : ExternalException(message);

    /// <summary>Does the real work, but throws torch's exceptions midway.</summary>
    private sealed class FaultyPatches(RenderPatchesHandler real, Func<string, string?> fault) : IJobHandler<RenderPatches>
    {
        public async Task<byte[]> RunAsync(
            AtlasRuntime atlas, RenderPatches command, IProgress<int> progress, CancellationToken cancellation)
        {
            var table = await real.RunAsync(atlas, command, progress, cancellation);
            return fault(Thread.CurrentThread.Name!["torch ".Length..]) is { } message ? throw new TorchException(message) : table;
        }
    }
}
