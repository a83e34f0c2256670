using System.Text;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

public sealed class TableTests
{
    [Fact]
    public void A_table_has_the_same_bytes_every_time()
    {
        var table = new SheetTable(1, "atlases/a/sheets/x.png", [new(1, 0, "ascent", "preset 3", 7, 99.5)]);

        Assert.Equal(
            """{"layer":1,"sheet_key":"atlases/a/sheets/x.png","percentiles":[{"layer":1,"channel":0,"method":"ascent","variant":"preset 3","seed":7,"percentile":99.5}]}""",
            Encoding.UTF8.GetString(VizJson.Write(table)));
        Assert.Equal(VizJson.Write(table), VizJson.Write(VizJson.Read<SheetTable>(VizJson.Write(table))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"layer":1,"sheet_key":null,"percentiles":[]}""")]
    [InlineData("""{"layer":1,"sheet_key":"a","percentiles":[""")]
    public void A_damaged_table_is_refused(string json)
        => Assert.Throws<CorruptTableException>(() => VizJson.Read<SheetTable>(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void An_infinite_activation_survives()
        => Assert.Equal(
            float.PositiveInfinity,
            VizJson.Read<PatchCheckRow>(VizJson.Write(new PatchCheckRow(0, 0, 1, float.PositiveInfinity, true))).Recomputed);
}
