using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Commands;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests what <c>viz run</c> refuses before it computes anything.</summary>
public sealed class RunCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_with_other_files_is_refused_by_name()
    {
        RunCommand.CheckFolder(_folder.File("new"));
        RunCommand.CheckFolder(_folder.Path);
        _folder.Write("thesis.tex", "");
        Assert.Contains($"--out '{_folder.Path}' has other files in it (thesis.tex)", Refusal(_folder.Path));
        Assert.Contains("is a file; give a folder", Refusal(_folder.File("thesis.tex")));
        _folder.Write("atlas.db", "");
        RunCommand.CheckFolder(_folder.Path);
    }

    [Fact]
    public void What_a_killed_start_leaves_is_no_other_file()
    {
        _folder.Write("atlas.db.lock", "");
        _folder.Write("~host.1.2.tmp", "");
        Directory.CreateDirectory(_folder.File("lost+found"));
        RunCommand.CheckFolder(_folder.Path);
    }

    [Theory]
    [InlineData("--limit", "abc", "--limit 'abc' is not a whole number, or too large")]
    [InlineData("--batch", "99999999999", "--batch '99999999999' is not a whole number, or too large")]
    public async Task A_wrong_number_is_named_without_types_of_the_program(string option, string value, string told)
    {
        var run = await CommandLineRun.RunAsync("run", "--model", "net.onnx", option, value);
        run.ComplainedOf(told);
        Assert.DoesNotContain("System.", run.Errors);
    }

    [Fact]
    public async Task Recipes_alone_lists_them() =>
        Assert.Equal(
            (await CommandLineRun.RunAsync("recipes", "list")).Succeeded().Output,
            (await CommandLineRun.RunAsync("recipes")).Succeeded().Output);

    private static string Refusal(string folder) => Assert.Throws<UsageException>(() => RunCommand.CheckFolder(folder)).Message;
}
