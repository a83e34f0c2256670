using VizPipeline.Tests.Cluster;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>Tests <c>viz run</c> on several devices, all of them the CPU.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public class SeveralDevicesTests(SampleMaterial material)
{
    [Fact]
    public async Task Two_devices_make_the_atlas_that_one_makes_byte_for_byte()
    {
        var one = await RunAsync("one-device", "cpu", threads: 1);
        // Still one thread per device: the last digits of a sum depend on the number of threads.
        var two = await RunAsync("two-devices", "cpu,cpu", threads: 2);
        FinishedAtlas.AssertSame(one, two);
        Assert.Equal(await one.Rows(), await two.Rows());
    }

    [Fact]
    public async Task A_device_that_is_not_there_ends_the_command_with_one_line()
    {
        var (exitCode, log) = await VizAsync("none", "cuda:7", 1);
        Assert.Equal(2, exitCode);
        Assert.Contains("device 'cuda:7' is not available", log);
    }

    private async Task<FinishedAtlas> RunAsync(string name, string device, int threads)
    {
        var (exitCode, log) = await VizAsync(name, device, threads);
        Assert.True(exitCode == 0, log);
        return new FinishedAtlas(material.Out(name));
    }

    private async Task<(int ExitCode, string Log)> VizAsync(string name, string device, int threads)
    {
        using var viz = ServiceProcess.Start(
            "viz", new Dictionary<string, string> { ["OMP_NUM_THREADS"] = $"{threads}" }, "run", "--model", material.Model, "--images",
            material.Images, "--layers", "conv1,conv3,logits",
            "--ascent-steps", "10", "--cache", "none", "--device", device, "--out", material.Out(name));
        return (await viz.FinishAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken), viz.Log);
    }
}
