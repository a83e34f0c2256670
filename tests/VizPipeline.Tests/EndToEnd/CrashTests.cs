using System.Diagnostics;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>A run that is killed or stopped and then restarted gives the same atlas as an undisturbed run, byte for byte.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
public class CrashTests(SampleMaterial material, ITestOutputHelper output)
{
    [Fact]
    public async Task A_run_that_is_killed_again_and_again_makes_the_same_atlas()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var chance = new Random(seed);
        var undisturbed = await Undisturbed();
        var (folder, total) = (new FinishedAtlas(material.Out("killed")), undisturbed.Progress());

        // The first kill comes while the atlas is being planned, the others in each quarter of the work.
        for (var kill = 0; kill < 4; kill++)
        {
            var moment = kill == 0 ? 0 : (int)(total * (kill - 1 + (0.95 * chance.NextDouble()) + 0.05) / 3.2);
            using var viz = Start("killed");
            await Until(viz, () => folder.IsPlanned && folder.Progress() >= moment);
            await Task.Delay(chance.Next(kill == 0 ? 400 : 40), TestContext.Current.CancellationToken);
            Assert.True(viz.IsRunning, $"the run was over before kill {kill} of seed {seed}");
            viz.Kill();
            await viz.Finish();
            output.WriteLine($"killed at {folder.Progress()} of {total} objects");
        }
        await AssertCompletes("killed");

        FinishedAtlas.AssertSame(undisturbed, folder);
        Assert.Equal(await undisturbed.Rows(), await folder.Rows());
    }

    [Fact]
    public async Task Control_C_stops_with_130_and_the_same_command_goes_on()
    {
        var undisturbed = await Undisturbed();
        var (folder, total) = (new FinishedAtlas(material.Out("stopped")), undisturbed.Progress());

        using (var viz = Start("stopped"))
        {
            await Until(viz, () => folder.Progress() >= total / 2);
            viz.PressControlC();
            var result = await viz.Finish();
            Assert.Equal(130, result.ExitCode);
            Assert.Equal(["viz: stopped"], result.ErrorLines);
        }
        Assert.True(folder.Progress() < total);
        await AssertCompletes("stopped");

        FinishedAtlas.AssertSame(undisturbed, folder);
        Assert.Equal(await undisturbed.Rows(), await folder.Rows());
    }

    [Fact]
    public async Task A_second_Ctrl_C_ends_a_run_at_once_with_one_line()
    {
        var folder = new FinishedAtlas(material.Out("stopped-twice"));
        using var viz = Start("stopped-twice");
        await Until(viz, () => folder.Progress() >= 3);
        viz.PressControlC();
        viz.PressControlC();
        var result = await viz.Finish();
        Assert.Equal(130, result.ExitCode);
        Assert.StartsWith("viz: stopped", Assert.Single(result.ErrorLines));
    }

    private async Task<FinishedAtlas> Undisturbed()
    {
        // The first test to get here builds it; for the other it is already complete, which the same command must accept as well.
        await AssertCompletes("undisturbed");
        return new FinishedAtlas(material.Out("undisturbed"));
    }

    private async Task AssertCompletes(string name)
    {
        var started = Stopwatch.StartNew();
        using var viz = Start(name);
        var result = await viz.Finish();
        output.WriteLine($"{name} completed in {started.Elapsed.TotalSeconds:0.0} s");
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
    }

    // Three layers are enough: one at each end and one in between with a receptive field.
    private VizProcess Start(string name) => VizProcess.Start(
        "run", "--model", material.Model, "--images", material.Images, "--layers", "conv1,conv3,logits", "--ascent-presets", "3",
        "--ascent-steps", "4", "--cache", "none", "--out", material.Out(name));

    private static async Task Until(VizProcess viz, Func<bool> reached)
    {
        while (viz.IsRunning && !reached())
            await Task.Delay(3, TestContext.Current.CancellationToken);
    }
}
