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
            """{"layer":1,"sheet_key":"atlases/a/sheets/x.png","percentiles":"""
            + """[{"layer":1,"channel":0,"method":"ascent","variant":"preset 3","seed":7,"percentile":99.5}]}""",
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
    public void A_link_table_has_the_same_bytes_every_time()
    {
        var table = new LinkTable(
            2,
            [new NeuronInputsRow(1.5f, 1, [new InputLinkRow(0, 3, 3, 1.25f, -1, new KernelRow(1, 2, [-1, 0.75f])), new InputLinkRow(
                -1, 0, 4, 0.5f, 0.5f, null)])],
            [new LayerReadersRow(0, [[], [new ReaderLinkRow(0, 0.8f, -1)]])]);

        var read = VizJson.Read<LinkTable>(VizJson.Write(table));

        Assert.Equal(
            """{"layer":2,"neurons":[{"norm":1.5,"largest":1,"inputs":[{"layer":0,"channel":3,"input":3,"norm":1.25,"sum":-1,"kernel":"""
            + """{"height":1,"width":2,"weights":[-1,0.75]}},"""
            + """{"layer":-1,"channel":0,"input":4,"norm":0.5,"sum":0.5,"kernel":null}]}],"readers":"""
            + """[{"layer":0,"channels":[[],[{"channel":0,"share":0.8,"sum":-1}]]}]}""",
            Encoding.UTF8.GetString(VizJson.Write(table)));
        Assert.Equal(VizJson.Write(table), VizJson.Write(read));
        Assert.Equal([false, true], read.Neurons[0].Inputs.Select(link => link.IsInput));
    }

    [Fact]
    public void An_infinite_activation_survives()
        => Assert.Equal(
            float.PositiveInfinity,
            VizJson.Read<PatchCheckRow>(VizJson.Write(new PatchCheckRow(0, 0, 1, float.PositiveInfinity, true))).Recomputed);
}
