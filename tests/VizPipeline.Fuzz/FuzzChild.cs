using System.IO.MemoryMappedFiles;
using System.Text.Json;

namespace VizPipeline.Fuzz;

/// <summary>What a child tells its parent after some inputs.</summary>
/// <param name="Next">The first input that it has not done.</param>
/// <param name="Outcomes">How often each outcome came.</param>
/// <param name="LargestRatio">Most bytes allocated per byte of an input.</param>
/// <param name="RatioOf">The input that was.</param>
/// <param name="SlowestMs">Longest time of an input.</param>
/// <param name="SlowestOf">The input that was.</param>
/// <param name="Failures">What must not be.</param>
public sealed record FuzzProgress(
    int Next, Dictionary<string, int> Outcomes, double LargestRatio, int RatioOf,
    double SlowestMs, int SlowestOf, List<FuzzFailure> Failures);

/// <summary>An input that must not end as it does.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">Name of the seed.</param>
/// <param name="Problem">What happened.</param>
/// <param name="Bytes">The input, as small as it could be made.</param>
public sealed record FuzzFailure(int Index, string Name, string Problem, byte[] Bytes);

/// <summary>Reads inputs one after the other, in a process that may die of one.</summary>
internal static class FuzzChild
{
    private const int InputsPerReport = 1000;
    private const int TriesToShrink = 300;
    private const int ShrunkPerKind = 2;

    public static int Run(FuzzTarget target, int seed, int from, int to, string progressFile, HashSet<int> skipped)
    {
        using var map = MemoryMappedFile.CreateFromFile(progressFile, FileMode.Open);
        using var place = map.CreateViewAccessor(0, sizeof(long));
        var folder = Directory.CreateTempSubdirectory("viz-fuzz-").FullName;
        try
        {
            foreach (var valid in target.Valid)
            {
                if (Trial.Of(target, valid, folder, mayCrash: true) is var trial
                    && (trial.Failure is not null || trial.Outcome.EndsWith("Exception", StringComparison.Ordinal)))
                    throw new InvalidOperationException($"seed {valid.Name} of {target.Name} cannot be read: {trial}");
            }
            Loop(target, seed, from, to, skipped, folder, index => place.Write(0, index), Tell);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return 0;
    }

    /// <summary>The same in this process, for tests.</summary>
    public static void Loop(
        FuzzTarget target, int seed, int from, int to, HashSet<int> skipped, string folder, Action<long>? before, Action<FuzzProgress> tell)
    {
        var (kinds, report) = (new Dictionary<string, int>(), Empty(from));
        for (var index = from; index < to; index++)
        {
            before?.Invoke(index);
            if (!skipped.Contains(index))
                report = With(report, target, target.Input(seed, index), index, folder, before is not null, kinds);
            report = report with { Next = index + 1 };
            if ((index + 1 - from) % InputsPerReport != 0 && index + 1 != to)
                continue;
            tell(report);
            report = Empty(index + 1);
        }
    }

    private static FuzzProgress With(
        FuzzProgress report, FuzzTarget target, FuzzInput input, int index, string folder, bool mayCrash, Dictionary<string, int> kinds)
    {
        var trial = Trial.Of(target, input, folder, mayCrash);
        report.Outcomes[trial.Outcome] = report.Outcomes.GetValueOrDefault(trial.Outcome) + 1;
        if (trial.Failure is { } problem)
            report.Failures.Add(new(index, input.Name, problem, Smallest(target, input, trial, folder, mayCrash, kinds)));
        // Small files' ratios would be the reader's fixed costs.
        var ratio = (double)trial.Allocated / Math.Max(4096, input.Bytes.Length);
        if (ratio > report.LargestRatio)
            report = report with { LargestRatio = ratio, RatioOf = index };
        return trial.Elapsed.TotalMilliseconds > report.SlowestMs
            ? report with { SlowestMs = trial.Elapsed.TotalMilliseconds, SlowestOf = index }
            : report;
    }

    private static byte[] Smallest(
        FuzzTarget target, FuzzInput input, Trial trial, string folder, bool mayCrash, Dictionary<string, int> kinds)
    {
        var kind = Kind(trial);
        kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        return kinds[kind] > ShrunkPerKind
            ? input.Bytes
            : Minimiser.Shrink(
                input.Bytes,
                bytes => Trial.Of(target, input with { Bytes = bytes }, folder, mayCrash) is { Failure: not null } again
                    && Kind(again) == kind,
                TriesToShrink);
    }

    // The same exception from the same place.
    private static string Kind(Trial trial)
        => $"{trial.Outcome} {trial.Failure?.Split('\n').FirstOrDefault(line => line.StartsWith("   at ", StringComparison.Ordinal))}";

    private static FuzzProgress Empty(int next) => new(next, [], 0, -1, 0, -1, []);

    private static void Tell(FuzzProgress progress)
    {
        Console.Out.WriteLine(JsonSerializer.Serialize(progress));
        Console.Out.Flush();
    }
}
