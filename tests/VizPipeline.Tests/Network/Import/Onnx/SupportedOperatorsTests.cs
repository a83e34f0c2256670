using System.Text.RegularExpressions;
using VizPipeline.Network.Graph;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>The list of supported operators comes from the importer's table, and the documentation names them all.</summary>
public sealed class SupportedOperatorsTests
{
    [Fact]
    public void Each_supported_operator_is_documented()
    {
        string[] pages = ["README.md", .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md")];
        var text = string.Join('\n', pages.Select(page => File.ReadAllText(Path.Combine(Repository.Root, page))));

        Assert.All(OperatorNotSupportedException.Supported, name => Assert.Matches($@"\b{Regex.Escape(name)}\b", text));
    }

    [Fact]
    public void Refused_and_foreign_operators_are_not_listed_as_supported()
    {
        var supported = OperatorNotSupportedException.Supported;

        Assert.Contains("Constant", supported);
        Assert.Contains("Split", supported);
        Assert.DoesNotContain("QLinearConv", supported);
        Assert.DoesNotContain(supported, name => name.Contains('.', StringComparison.Ordinal));
        Assert.Equal(supported.Order(StringComparer.Ordinal), supported);
    }
}
