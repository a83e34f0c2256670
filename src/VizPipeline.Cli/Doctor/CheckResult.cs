using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Doctor;

/// <summary>The severity of a finding.</summary>
internal enum Health
{
    /// <summary>Nothing to do.</summary>
    Ok,

    /// <summary>Works, but more slowly or not in all cases.</summary>
    Warn,

    /// <summary>Atlases cannot be built on this machine.</summary>
    Fail,
}

/// <summary>The result of a check, with the remedy if there is a problem.</summary>
internal sealed record CheckResult(Health Health, string Subject, string Text)
{
    /// <summary>Runs a check. A check that throws has failed.</summary>
    public static CheckResult Run(string subject, Func<(Health Health, string Text)> check)
    {
        try
        {
            var (health, text) = check();
            return new CheckResult(health, subject, text);
        }
        catch (Exception failure)
        {
            return new CheckResult(Health.Fail, subject, VizCommandLine.Describe(failure));
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(Health == Health.Fail ? "FAIL" : Health.ToString().ToLowerInvariant()),-4}  {Subject,-15} {Text}";
}
