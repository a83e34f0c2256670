using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Text.Json;

namespace VizPipeline.Fuzz;

/// <summary>
/// All inputs of one reader: in children that may die, hang or grow, each of which is found, blamed on its input, and replaced.
/// </summary>
/// <param name="target">The reader.</param>
/// <param name="seed">Chooses the inputs.</param>
/// <param name="count">How many.</param>
/// <param name="folder">Where failing inputs go.</param>
public sealed class Campaign(FuzzTarget target, int seed, int count, string folder)
{
    private const long MostResidentBytes = 4L << 30;
    private static readonly TimeSpan MostPerInput = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostAtStart = TimeSpan.FromMinutes(2);

    private readonly SortedDictionary<string, int> _outcomes = new(StringComparer.Ordinal);
    private readonly HashSet<int> _skipped = [];
    private FuzzProgress _worst = new(0, [], 0, -1, 0, -1, []);
    private long _resident;
    private int _failures;

    /// <summary>Runs in this process, for tests: nothing native that could end it is called.</summary>
    /// <returns>How often each outcome came, and what must not be.</returns>
    public static (IReadOnlyDictionary<string, int> Outcomes, IReadOnlyList<FuzzFailure> Failures) Here(
        FuzzTarget target, int seed, int count, string folder)
    {
        var (outcomes, failures) = (new Dictionary<string, int>(), new List<FuzzFailure>());
        FuzzChild.Loop(target, seed, 0, count, [], folder, null, report =>
        {
            failures.AddRange(report.Failures);
            foreach (var (outcome, times) in report.Outcomes)
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + times;
        });
        return (outcomes, failures);
    }

    /// <summary>Runs all inputs and prints what came of them; returns how many must not end as they did.</summary>
    public async Task<int> RunAsync()
    {
        Directory.CreateDirectory(folder);
        var started = Stopwatch.GetTimestamp();
        for (var next = 0; next < count;)
            next = await ChildAsync(next);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{target.Name}: {count:N0} inputs in {seconds:0} s, {count / seconds:N0}/s, {_failures} failures"));
        foreach (var (outcome, times) in _outcomes.OrderByDescending(pair => pair.Value))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {times,9:N0}  {100.0 * times / count,5:0.0} %  {outcome}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  most memory: {_worst.LargestRatio:N0} bytes allocated per byte of the file (at least 4 KB taken; input {_worst.RatioOf}), "
            + $"{_resident >> 20:N0} MB resident; slowest: {_worst.SlowestMs:N0} ms (input {_worst.SlowestOf})"));
        return _failures;
    }

    /// <summary>Reads on from an input, until the end or until an input ends the child; returns where to go on.</summary>
    private async Task<int> ChildAsync(int from)
    {
        var progressFile = Path.GetTempFileName();
        await File.WriteAllBytesAsync(progressFile, BitConverter.GetBytes(-1L));
        using var map = MemoryMappedFile.CreateFromFile(progressFile, FileMode.Open);
        using var place = map.CreateViewAccessor(0, sizeof(long));
        using var child = Start("--child", target.Name, $"{seed}", $"{from}", $"{count}", progressFile, string.Join(',', _skipped));
        var next = from;
        var output = ReadAsync(child, progress => next = progress.Next);
        var errors = child.StandardError.ReadToEndAsync();
        var death = await WatchAsync(child, place);
        await output;
        File.Delete(progressFile);
        if (child.ExitCode == 0)
            return count;
        var culprit = (int)place.ReadInt64(0);
        if (culprit < 0)
            throw new InvalidOperationException($"the child of {target.Name} cannot start: {await errors}");
        _skipped.Add(culprit);
        var input = target.Input(seed, culprit);
        death ??= $"the process ended with code {child.ExitCode}: {Last(await errors)}";
        Count(death.Split(':', ';')[0] is var kind && kind.StartsWith("the process", StringComparison.Ordinal) ? "! crash" : $"! {kind}");
        Save(new(culprit, input.Name, death, death.StartsWith("hang", StringComparison.Ordinal) ? input.Bytes : Minimiser.Shrink(
            input.Bytes, bytes => Crashes(input with { Bytes = bytes }), 12)));
        return next;
    }

    /// <summary>Waits for the end, or ends a child that hangs or grows, and says why.</summary>
    private async Task<string?> WatchAsync(Process child, MemoryMappedViewAccessor place)
    {
        var (last, since) = (-2L, Stopwatch.GetTimestamp());
        while (!child.HasExited)
        {
            await Task.WhenAny(child.WaitForExitAsync(), Task.Delay(50));
            var (index, resident) = (place.ReadInt64(0), Resident(child));
            _resident = Math.Max(_resident, resident);
            if (index != last)
                (last, since) = (index, Stopwatch.GetTimestamp());
            var hangs = Stopwatch.GetElapsedTime(since) > (index < 0 ? MostAtStart : MostPerInput);
            if (!hangs && resident <= MostResidentBytes)
                continue;
            child.Kill();
            await child.WaitForExitAsync();
            return hangs ? "hang: longer than 5 s" : $"memory: {resident >> 20} MB resident";
        }
        return null;
    }

    private async Task ReadAsync(Process child, Action<FuzzProgress> done)
    {
        while (await child.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith('{'))
                continue;
            var progress = JsonSerializer.Deserialize<FuzzProgress>(line)!;
            foreach (var (outcome, times) in progress.Outcomes)
                Count(outcome, times);
            progress.Failures.ForEach(Save);
            if (progress.LargestRatio > _worst.LargestRatio)
                _worst = _worst with { LargestRatio = progress.LargestRatio, RatioOf = progress.RatioOf };
            if (progress.SlowestMs > _worst.SlowestMs)
                _worst = _worst with { SlowestMs = progress.SlowestMs, SlowestOf = progress.SlowestOf };
            done(progress);
        }
    }

    private void Count(string outcome, int times = 1)
    {
        lock (_outcomes)
            _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + times;
    }

    private void Save(FuzzFailure failure)
    {
        var file = Path.Combine(folder, $"{target.Name}-{seed}-{failure.Index}-{failure.Name}");
        File.WriteAllBytes(file, failure.Bytes);
        File.WriteAllText(file + ".txt", failure.Problem);
        _failures++;
        if (_failures <= 20)
            Console.WriteLine(
                $"{target.Name} input {failure.Index} ({failure.Name}, {failure.Bytes.Length} bytes): {Last(failure.Problem)}");
    }

    private bool Crashes(FuzzInput input)
    {
        var file = Path.Combine(folder, "shrinking-" + input.Name);
        File.WriteAllBytes(file, input.Bytes);
        using var child = Start("--check", target.Name, file, input.Name);
        child.StandardError.ReadToEndAsync();
        child.StandardOutput.ReadToEndAsync();
        var ended = child.WaitForExit(30_000);
        if (!ended)
            child.Kill();
        File.Delete(file);
        return !ended || child.ExitCode is not (0 or 3);
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Campaign).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A child that dies is looked at by its input, not by its memory.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return Process.Start(start)!;
    }

    private static long Resident(Process child)
    {
        try
        {
            return long.Parse(
                File.ReadAllText($"/proc/{child.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (IOException)
        {
            // It has just ended.
            return 0;
        }
    }

    private static string Last(string text)
        => text.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [var first, ..] ? first[..Math.Min(first.Length, 300)] : "";
}
