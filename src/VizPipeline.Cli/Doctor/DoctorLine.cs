using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Doctor;

/// <summary>How bad a finding is.</summary>
internal enum Health
{
    /// <summary>Nothing to do.</summary>
    Ok,

    /// <summary>Works, but slower or not for everything.</summary>
    Warn,

    /// <summary>Atlases cannot be made here.</summary>
    Fail,
}

/// <summary>What one check found, with what to do about it.</summary>
internal sealed record DoctorLine(Health Health, string Subject, string Text)
{
    /// <summary>The result of a check; a check that throws has failed.</summary>
    public static DoctorLine Of(string subject, Func<(Health Health, string Text)> check)
    {
        try
        {
            var (health, text) = check();
            return new DoctorLine(health, subject, text);
        }
        catch (Exception failure)
        {
            return new DoctorLine(Health.Fail, subject, VizCommandLine.OneLine(failure));
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Health == Health.Fail ? "FAIL" : Health.ToString().ToLowerInvariant()),-4}  {Subject,-15} {Text}";
}
