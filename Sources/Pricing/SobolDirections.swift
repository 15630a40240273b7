/// The direction numbers of Joe and Kuo ("Constructing Sobol sequences with better two-dimensional projections", 2008;
/// their list new-joe-kuo-6), the first 1,111 dimensions: all primitive polynomials up to degree 13.
enum SobolDirections {
    /// How many dimensions there are.
    static let dimensions = 1_111

    /// Of each dimension but the first, in order: the polynomial's inner coefficients (degree − 1 bits) and the initial
    /// numbers m₁ … m_degree, which are odd and below 2ⁱ, without their last bit (i − 1 bits each). Six bits a
    /// character, from "0" upwards, high bits first.
    private static let packed = #"""
        f@9<f9:4B9gI]0=1G\_3HN6SdZ4fhV>H[C\c:Dn1m\nHWc7R7>>;i6P<J>VB>ZLFn?EEVScV8VRON1847C9MU<abU>ePKZiKY6D9JRgB^0g3HNmk
        LKc7e@k@7CnISdEgo[k0]:YI_RJGJaQ5km5X;<NLO0WI@BD7<dDUAdiaj4;;T>UbCXhg[ck6e25OQ``PgEbaWkQ2B?W5_oMGXYJ]@PS;T;e^l=]4
        6`@R40XVF2ZaJ;3W\oTI5E3kAK;5DMQc]BmNK:0kldkm=<A^=`K?__:C]Kc]S50n>bjJ^0@aJemlTTYeA^9j5ABPe051DW[71mkEO1:PbPEK>l`g
        ocGZ2oH]?fLT4n_gIXC]jGV@KEHeeKmGX833J:al?3W8<@RIC[AWEhZ1f_oaR?agfUFHTD@2ilBYPX^3QTnM5<^TI`Yj]khbQjgAL<WCV`H^gb?A
        ]B[5Xf9KIlb`_>:ii@ahgP_iiVV\1l808BB;g7WNY`KafVIKE1embTXUhJkS[AZIfDiC5@=hC^Ko>8GV[ZHCLRU\k;YJFhO?76jPo^odBDBcY\oJ
        nTPmB@9>@T^;Ni@JdDgoj6l`W6PjoSI:`\LU`n5ZNaUm9Q489L1_U?@bToDR0Soab[?RR:hd`Bo`E357B<1>Oa3G`;hfjT?cVZ7ZGK;YccLWRF0^
        4CnfkWenPjT=9Q8cSD`4I]mlSPVZTRCo?Ze]4da`g8Ig3HDl7A]5V]hU2Y6EWJLAUGfe[@R1LU[aO8HbG7F4K5kV]fCV?DZUC:YbFFRnlT?7>6QX
        2cRmI:G7fF3Y]39WUFE?cd5IWgg2nT:1n7jL\b\ijV8BI`KbkV98E83^QFhPHU=Do]>gJHfc7nEPaPY3l\<VXn99>Tg7hNdF9JG_kRnPlIhAKP;h
        `2inOVa6CK;j96JFO^8VJeCVb4]@0K0=R82gNc[Bg^<J3EJkOQHUBSk[;mF_TeMoXLFN`cPOicLM`Ceifln\PF5A99c;\iL@>m?7m=6Db@O9;YM=
        f2KOUU9]D83=\DFcMI?O7HJn9MR_bToen[]mE=WYK7j^=\W]Hb<0>C;[:VTejNaK8nMmL5OJiDoADCcoblm5o<^f_h6HAf>II`2_g73dh49e0Gj:
        jjQflAS1ELdKLUTe;T2bbX<Qi<F\`8h0m3[G^a=XH_A0CM[6cA`b=d8jh^f461agU?2=d_L53faH[IWP20j8dHi3\3GW2`BR]1acUKfe`Wghh;nR
        kgmaDPHVf3A5h42`h8cRR7Xfa6Mc<Nk3SS3F=3=WEQ=RSL8L2Fdnmk[7FXiWVjEf]MhNae5eVd^56=]3en@VY0;J[^8KQ:alTjGlZA=f026mJ^3l
        TP;T9^Q^1YA:4niTC=aCf2Mj;I1?]Ymn4l`4Ea^daLa:9UUZ`j<RV4DW:<]6Ja]@0Z2VMgTRRMoYFhm`H@Yg60biZiEheoZMnUenPRTHmh9H;oIn
        8;^GHSNH8lEo_T9HQPaak6ES9DUTYZo?<ZD@G8WcFm\fBb:PJaVio;J\^h<>c>>7V5C@D_S4MSFUXILUAd\lX\51P58f`ama:OQ=Ve^:d0<GGMDK
        BQo860\n8ZT[DY@We4I1RQAK4QD5Ei2775D956DIeRCgFMZBB:Yc?iC;?T`KgK6l\5ElY\S=5S>nUJUCbH8MAi`^``WkI5PHGRl^i@X:SNP<@G=J
        T:3:nVL]A\E>^2A]hXZK1:VJ7\NV]i0HED??hdW[6Af[:ZeK@4J=8QFTT3Um\EkTZe3enYR<GJVe_FdWQEo\Y8;Y5ZB=i=7K3GM5^oOF69k8_5k=
        HJHGUGUOMkZRegkj?c0jd4PWl<]<F4NMo0P;O_b\@n9ciVV9ckIUbF5eOcVo4cjU=lgX@[EaX4TCZaWkmKCBTb`5TZf`GF\8IMBjA=09=N?S9_e=
        fHHK8b7=Ugm<OdfmWO4InWE_U__cOIG^5BU;QoH:?>n[MC75YYTY4?D6@^B8X80@:Y4;LY6C45Kei5njnc4ZTnV9SIfh2bU0HDY_K_7cafeaecn7
        ThdT4RR;`b?K?jb@GU8T=NiiC`:EcC\nnNIkT3bkokQm]3D\7aV0UD2lfJCMokVN86=3<U`@lmX@II?BRMB4Q7PmSh4dcZNYo5H96MDf:^mN<0Y2
        e2<=NmLJc9BeX[31>8iA?7<8S>L9b4e5Ebga4EjTCN_Ngg`7Yg9OT35^7iDlnCEU:8H3QlaLW3o@JW4=H79IadJ>PP@ULBo=jFXj617nV=kaLc4O
        _9_<b^9>7bWG=fJJZ;nXk`H[\e6ho0B`hIH9aBl\^MRgGmCX:Rc^Lb2;\W]EJkm9V2c[@;@:eiEOB6bQaAEm1bYGKe7I9=1AQ4]UJCK<3^n4Q7iD
        ]2Rj[@^Q0HZ3FER0di:noDLCR:J1bYPRZP2Q0Z=k0MmF1Y6IFUZ0<ZaCP3>9Gb\cE_OLZ[S_3e][R<mk]Y1]ScI;\JAf@>Zd6ci0oF898e4=Z4[@
        0i9X>0[M@ffe3=JELfm[TEkmBd=O^ANPGOJlfKWMMXSUVcQY?FkJU9U@h^A2]h4?Kn<Xf_7[c[23j@TEFVge\lf^Y<<GJ`9KdH1V];N7Qc0B]GKQ
        mSG4?<5XR:>_K>9noDK@6o`n\EO21oA@OYPhcDFT;7g>O3aadoMSn@iMCTJlRJb9fjQ39O0RbhO6Xo6EIeY:JMZa>l_cMnb;kU?EiaATH8>CH3kc
        g^H2c1JN7cWeBQ>GNH@Eo@3je[I`NO]fTUeIVB[Yh]=?3<`oV6a_[JRE<77>k34ief`IV7Ubc@I\o9beV0J6aKKVCYJDB7Y=flZ6?AAT\\SMlLgI
        bIPl;]L:SVMCnCbVGhaTo4VNBEXGc75idV>i[i_Vb]G>Hm`]hoG2[M^5ko>f^e?g=`Ra_^Rm]20IgOb27akX1j[25?c<Oh8>h\7N?8o?b2B;:35=
        BV?U`Wa=k08doO=]eO79MBXQNVLWlTg2E2XmKTN[HG9WVIkF:YSG2^\;Si_9Qb9N:n?OdjU4ZKcoJ6?bi`nbT^4DYOYVB[XB6Dg31Bf?O:4MUmdi
        h3B0KieKjH2h;X7]m`ePkSNER0X?[CeUCfLS>OHPV:_e@BQj6Man1XM[1Ndol4:303[^Mn]P]KLc;L8=gNFZbP8cdOLAi[bJf\7DkGY@TLF:J9Hf
        8lDBA>`T1:]WOm51V2WSMgZmoGG1n05G]G6A7nHI2LV;0OTQY9>1Y;^4FZcAi_W\;FIW``Z[D_m_NI5hU1\fM[c8QV11KOS\3jg`@af9Z4\7O8ah
        KA\TZ<`6@J`XSj9PE[oGDSM^lhN[=14XPY7SeA3_7j@DnMRIRHkJN9`17Fh4i8;lXWSUPNUI9n3@UZUi0??X4E`dHMXWkR\T]@\2gW81o8NEMdYI
        OHQ8VUCbX4U33^Y4o[Id<_DR6>_mPB4@2a]Oa<PJJ4UM<O[f]XIalcjgTc0Ga[4cnaNh9BC43P2YYQn[Z?DbBBaoSL3215L`U[mEdW<YJ4f=<=fX
        l[>S\N?I__E6I<XMCOOMGU_MYYnY0HOmnjhBh=m0j6<2Wb\O5hJoDD=Q7MfLC=iGMKXW:EA:D5UN9U_AMS9U4C6Am`b>S?>JV51@2i_Fm7DTfgHI
        C7>C9:Db;?0l7OHcdJD[5`KGTBa>RI>YYB[QN?n8_enAD?;>QnCGLUK<fXkSPTDM2;XT9mDdd4GQF`3lQ2jbLiTgAUSh[4ReaK:]k=0;a<e\;[`^
        @bFUNj@jCGL82f87K3fiWR_F:n\TJ^]SJ;QPU6XOH4Kml@VC8d:N:fNfIaT?VE7f@?A;0\BFV\\J9:G9lADFb2JT4G`_TLeb[VRehDk8YOb60MK=
        aFjc7?`H46<KcS:MneEL@o1QWG@W6GVf\mCO1O>RUHnZPJBNnMFMeLX]_82o2QELlBf\TF;kZC_iQjfV\Z`8lNU:k;fMF9@:Cnh5[Jg_TkhGmQZJ
        :2N_P_CUjSA]hnXjQFYlg@doTi\V12j[CJa]?ZO[U295R<n5k^QVhdlBghABecDLdk4H^7Mi9AGF^eWYAgmlcZJ8Tll;nTJfb31RjY2]G19[\\Y<
        FhV7g@^D4d]5A;C_To9d\[[EW9XN<k8WIN`f0ljG@05Xgc5`>^aec2UjbXVa5o6=lKnP5:m=i2M=S`m:W^EZLUQ@VoJ^;Fdo\io@9gU6]]Z^eIiU
        ]=^OYSS>]Od=:Zk9dKI[XQmX[ck:7>DMeb77AU3`i:Nmjkc5RVU:BeX<[kGoF]AO0JlkM0WEoo:d:0mHcLBD_joE`jlK3_cTnFPJ[d`U`=maHlQM
        mHG6YKR?6hbYF^a=L5IMLIO^[^eSe;WSJZgT6;aKEamPm7j@OLKGG8E8DUjP3TYlb^V^e_\mbcbM?GMn[>X3gOUm3DZl6fn;LSc>WgNMjObkTX5o
        6bV>\1:nM<H[?aU:MH8DTejco7mLfk`FUmQ3QJUj7b?Q>VClGFajD4hG4a3>LR_iR@b8N@ie6eoj@8_F;lWgdHBmIZ461CIBm>AC_89fNXFbjW4>
        NBDBoe4GV9L\CCKmPO0MS<W9kZ:FD7eUU>Ib:]b:Ho7RgKllUe?ZnZ2@c]FJ361kV5cD1KX1dSb[Uj16dML6eZ5UB:X4h0LjI_E0E7?IBBE3mBV[
        F=0;bN;02ZhMML4NBf`1^X0<K2YT;HYDYNRQ4f8<JXT=ehYlSW`Y^UT5J[C7AXgQVF2XI>Q5;>0W5cGVf1jkm7O\^A?YbQ>e]PY_3lXBVe8mXFZ_
        :;iWd1Vj>cTb?O_cV\@THQ<Z7XgCXiGE[XB2YVRC7LK:9<0hRWV\FO4<>>4P`7R0i8n=U3jb24YCD?MlW=>0@ZNJU9\GkSE76lGi`Ek[7iQ1QVSa
        F5^dM_g@UGG1a=@<6>__JR6`9`7VkVboTTig0LPV8Qlc0=4Y:L_5OE>WOEB0Ch>:a0k>6G]?;I0J1cJBMCh\<R7O]0Yf8cE;J4>ZHdo?0b^gUi_M
        ?GV=N?40gT:6a4acYEB`Be15D>2Y<[ajNk<gk16Plj`fX73f`8C`1?D8nSg_B6BA0T:1Benn2_0<<455IS1G;P>A\[WFUZeEL1Mb=@WJLRDDPj`C
        1N<@CNCce<CgHO[1QDm;X>eGdS`4\Y1T__i?71cYiX<jG1`R]SgZeek`kobU1i@9]2Z930ji]9E26C_ECGo`\l8RmI2:XAD^dMNFbn28Z2D`JQ<N
        BHOi]oRG2GoXaF5[Ib2`IBB2M1k:ia3Sk[]44>2Q`@g5OO7:TOf^Z2c5RRBnDT;Sa?BY2ea\YO<^YZa\=n<2lISXeY6mo63T=G34Zo]6IjQT67b>
        ;3;jP`RL8;P1AA`k3>n?CdP6Ad\WIFj3OIm<F`GKWI5@Ra3P0`QO30WBFmAQ83ST:AoKG4ml3UC]3ViB^UT2>37]hV>3_8jadn5?IaVWNR3a;aGQ
        cYA:c[hi;3hQF?KdXm<XlCQR3m3MWWD<NKJ=m?L4<54I4>\F1OoED64Bodf3dPZ;]Z2c?4Ki<4HVR_aD9FE44N`n@Z=DAXDm\gE4Q?Qe:29ZNeOC
        lR4]8XZRmfFW6e_BW4^mkVmgX92G?QoF4l9TkJVbnRP[fc04oRj<P\VV]l]NoX54BUHN;PE2cFd2M5;d?oC0`bgQF0<E5=5lIWEc8CkZ]<85IJTJ
        mF5?=<TK_85O@?3J`f]m[hl`_5V33`S<1j5bFgG65gFQDYQoo\R@Z9<5kQHjW]YITRT5DU5mk[]\[_HJZB3`d62EgAFURbjc\R1o6C9B3X6Q00I8
        goD6EXhA4HImkB2SN96SRE9JaG:`YFP>\6Z7K=I?gV=?;mfj6\=KL]`L3gO@1^V6gB?@^aZjCVL;XK6hZSFOfh`e9m2R[6nf2IWFP`@nhCan73Il
        APjRH580oT`76GMXjYg?>HK8DN7:YA?0I4:@6G6jn7AQE@;3@;L];>1k7DIQGa\QH9PB96k7Hbh^NmdX0Q3?:87K]0PEienmDo86l7Ml]9=^6I>J
        kcXR7`ija2;]9E2e0kT7fifBRAnnQ[X[mW7lJ4MLN@NjMgQ`3856:a5<;lk8?KeH89U=BH]ZJe5@51R8?_7WT8>\OZCP1N8B:GO<AdZ3fF@^;8DO
        j`7RTD;WF2J18NCIm3AS90`ZZWo8Xm7HXljELl>FC98[;kSeWFTh\?<@g8`e_6DBYD<2]ZlL8fVZ;JL9@d7d]gE8o]@Um?JFTXOi4]913odb3dY2
        \bkPI9=cZEMnKLGg6NDM9>DRj;82bdQ9oiR9JAF?6>h]3Q;Oll9ORCe<k3^?Y@UQj9PeU>o2o=[i5VjX9SUKj;mXcimGTKI9UlhH]4XS=YI7ad9a
        m`:N7e2cAoJVA:4oHD<LjOU0L_\O:;lA9Fi9_ZZaA4V:>:ZkCJEbLP9Ln<:@mAjaGlXLIdlVJ:FGnSkS7]JXD=Y5:L6SB;4L?=Y^oF7:Ym_8`@HL
        3iH0RK:Zc^5QC?3B^8\;X:a;0a`Io^`CK3=`:h[HmenJfBhX8Gf:kf9>fV]dKOG1lK;3Vd?Lkb6>YnK4N;5m1O[@?FI4]gLb;:Zd_`7><OnfWG0;
        <YO7TmdQh`OC2P;?:BmH0Io>>aObQ;Gl25LCZ^eQ6Be@;NVVeo4>ZDnjQRa;RJ?j2?MS57gnf?;W6BAJ86ImaYF6^;[^e@g@d`QFC58X;eM\aDU^
        R@BEDa3<1KaXiIa2HBYCKe<2CK6==a0aH8;o5<8>lQX?V^65iE0J<FPZV59EcBB`\Aj<OURQed[UM^Zi^E<U4C5VK<L@??19d<YiB]TOG5<f^1L7
        <\f5S^dE=k7D]^o<dG?L6MZCM1YjbQ<km[Qm^_eSS]9gi<med1AO1Gn>0iM^=3PIMMIJV^MN]_L=9JRZAjIVfn0K0i=<ocgXMfYm`3Y>i=HJkT_H
        Z[XWklUA=K5a;8191kOdL4h=Njho=O5HLM>A9>=QcPH^0\?:<MUSS=eU?PKk9k<k3<o9=jF[o?AciVdlIC[>9E5XjglTmZnDGJ>D=XVdbNQBDNoE
        f>M^CWWY]f;aV;gK>W4iF96kkiBOkh1>[4E130\8JMm`IJ>^7[=_cUb2mBH?h>ed]da[7_o6@m<^>i:hB[`8e]amTch>l;?bcJid0FQ<ST?1=?M3
        g28_S6m=n?8oa5e;k\f4;Q<]?@6Khg2bSX8OdMY?L=1n\S;l1mGE0c?SH_k61FAP6C@^C?UH05BJ8[AG9[S;?_E?`S`<FEXS:m9?gNG@^M8=>YXL
        @R?h=eI8BDAMbA`ai@3ZN`9BH5O5k2Yb@<^BDkj1S4?om6<@?coHLR]j2CE_^8@AO5P5X6?:SAMj:@HbSD0<@TMDZ@B7@M[fn6AMD0?[emf@N:\P
        =8N1>oMSG^@RVN_elQA63aIY2@c6cFY2E?U`aL75@j`^E@QWX:VFjXWA2KcSY@7^jk]Zg6AEXIWjj<VCJaGaTAFAkLo`ECb57a?SAO_S4hmP>UWD
        K6IAVG`?\Rl0QaYCNhAZaM:W<XHP0P9BdA_8f_5T3eC\eE2DAa5jKEoM[24J0j3Adj5a:7L73]EXPTAmeGMEA[bk8bDNoB4L:fh;AGI;]NS4B7gj
        \hT;J1O4>VMB8?5oA<jC4bYS17B=D:mOMJF66Ih?0BEX4kFkLm_cC`nmBJMOVlE4g?FF3\>BObXX@H=lbBZI:^BPMk=`i\=`=cF?MBU^4[2FmG=X
        6<kXBZ6VeW`]XVWW9[iBkS=`2JLgj1V12CBnW881bU6aiFBeGC07P:;5jl[AcVEiC9YBCWfRCb4:@aeC?7cX3\_0k6bSbOCGR37@XG;;GPZ=2CKi
        BA>kSlb>[96HCN7PT>XogM4f`j=CQVeZQEEVj\S3V:C[VQ7_M7><OT3c7Cij?n1<bR\82nmYCj`5]D1@f_VKZ5KD1Z[YU\A1Sf[I1JD7f0ooJ^E5
        dbWm1D>blFaW<]eLi3_@D@CJ?0b3HA:c\=kDImNn2@K4XLE37oDJP4dFV@N==V95BDV9PJBKl8TF2\G?Dd64]n?R6agm61gDgOW@<RceiFmlGaDh
        Ocol0n<8VaAo\DmNC7STT7O>U[0GDn^H\H<FThQBc[MEB6]eJcj4NgX_5GEDKHHe\JkOEO;diEHm<1YLN1CUWP8QERb1X08O9e48<^2E[lV14;Da
        f^1<0kE][J@6_nnX?BHj[EeHi9jMSR\^<Q_TEiP9nknVJgAnZZAF0J8G]lGn13OY@OF:G0UH8GLkH>:iNFAQ_oZWo`P?Z2SLFB[eQj3LQ75^b2QF
        GjE8H;6bZlfQPlFKVA@`>7Q^jIEYVFQHlbl5JLV5dccnFT[kIVGA5Y]93\MFf>i<NbXDQm7EA>Fo81Y6@`AdmOUA?G206Pf=685jhL^XG;\57IB7
        jCK5NA:G=3Nh>4icBe6U_KGFgR5B2DS\HeK\_GIEdjGG?BEWeIPUG\k3LI6I0YT>\7BGbUZ@=PkE:;o;JfGn\Q63^F:PWIQAZH7\h>k:afAMdHiX
        H@d=G[6[[GQ\RVMHE:In8PUH60\8gBHFZn>XG;o]9L4hAHO^R6?[8k`W?><AHPUdh[KFC?Me66^HVFJ;OnKkg2dhXUHh5T=Q9Y`mBkgg_I5B[4hS
        nDX]mk6[I6ji=CHdP[CJLjJI:3a7d4J_@oGFFmIA\UNQ>_Z@dS8oCIG`8Y07:MF8FHHNIN>LGEU591g8hCdIRL9@RiYl<]j7VGIX4JY1XXaV8c]L
        aI[^a@Agdm_U1E^lI`[2MUG9M>ij_EcIc<W5[iAo@FF@e0IeD@XoPEBV]\2>>J6oiNOMO244lPcIJ<\[?Y]_XE]oJ^1JDC6Q_G3BoiHikKJG4;30
        jl?_GWl::JK9JQYM_1J1I=dUJMHmRhCoVooYg;cJR?MK@22U8E1hg3J]]PE2A:`glh]Q;Jckk[2O6hDDA7a2Jj]IYUHe4Tl4TY1K4OiLW9egM_Od
        D?K7<Pm=IWfnY;b05KC::D50CJDP?[YeKEM^@@D4O841>\iKJn`S0<Ck5A=_;@KaAXo2R4dACLD_jKhUI\SJDDI:iJfFKn>VOZ@P0D9A5WOL38Ei
        CWReRaSg4BL9kMdk<G\VahHaHL:BhV13[\1B;^:RLDXXVnPS2ij`_>2LTYFID?N@:GmaZTLWLEW7g5Ca?0]?ML]T5FL;2jld]Zg;L^;0X@OhMagh
        3fLL`9NNT7]M0]6`MbLeLWo\7?PabCCHOM7ob?YJZbAiOXg<M82hRo4If?D<LA_M;OlTKZ>\KA;=a1M>P9<hbFIoCU2IIMEQS>=cO2Z2Q]3FMIVh
        c:h3n:mGTeXML?=TXQ=mDcYV?UM_afdJA`_YN8iFGMm82LCP>G<6V<MBMn>_a]^IJm@EROON2j;_F:G]3K5Y<PN4`f6?Kb\JVH2WhN88HVN@;kOk
        1B@FN;f9cJY^ZBHl>S[NO0?`WB2S3^OKC5NP^16J=_=C@=Yf[NUgcCUd<[L]olFNNVH=mL3fPN4Y1T>N\7Y1Hh9?kW]oH:N_<R5l1GLa7dTB:Nbc
        ];nQlTMG?kAHNdZ9<oSUF=[ihLKO:LZV3]0`61KClNOBMAb?m6jVhPD:hOGhK;diHdo9KY2>OH7X`Q_61=eYchQOWKbCGJO<A39J;VO^G]2?^QbH
        jL`RKOc;C]CCf_^IS3;EOf\N0Gi0W5med_DOjP>iE1e59SKe^POom6QSZk`]4M1oJP3;m>MK];glfd8YP:I`MgnI77IALf3P<gCTlMB0EK1P5JPG
        `jeYQNLa]Z1m=PT>GbW>j[IRW9Z8PWm;<9[a5oUQk\:Pcj;RgE4aT;<n<:PlacNMPXedOQ7kcPo8ZT<5nJlmHfJbQ8PXLfj0YHAg2CHQ@a5JcFE^
        ;m01H^QJ@6Fa9imLa==N>QOBlHF36f=ejej8QP0S^7C2UCm<_3aQY5>VYXg7ej?0k_Q\Ymg@6fl\L`U^<Qb6\85?]Wo4n0H4QgA:l3f9`hGPkkCR
        2WJ5gKYJj`OFOQR7`TNG==^5IJ7@1RJDO2e7H_gkQTD>RSlVQj`^VhJ5dRLRV@Fgj[2KK?3^n>R__JP6OITQ=]NEHRaYK1@mRamPg7g^RhQ>XTI2
        T<8P^7NRmhO9NZne:^aZJ]SAdb<<HAIUSRf<fSD]N1]X^5NhKK:TSKacnlBPc:`<5hcSRP;V9g=_EFnhLgSTeEATUgLJa7Lh3S]_;E^JZ3jd\>g_
        S`OEF:LOU7elFY;SeXABeORK??d\fGSf?N7SamJlIidPcSi4llHj\HLQel2\Soh]el^S]JQ\[G=T4KAdjdohe3:AYQT7EJERA:MgMJ746T>c;[Om
        _L_jQfPfTC3d]j2Rd;Rm\MUTL5f6=LIi1B^MPBTUbJAk68IW8n2ZiTY;]>ZZ=PYo3Q3BT\cHS:P[VX?EiY;Tb7Bb>g8@k^54eOU0MBa6eDdEb\RF
        ZU9KZZA2AFHAfYfnU<^oB@M:kB9jjZWU?RVe6mPKOonC6:UDIGj9ioS9bgGJ?UKDK2mag=eoLI?nUMibGnlIFAhmne\UQLnG0o1d4f\3[?U[T__N
        hT;WefRD1U]6>3ETQ;V1>7TIUcUnAN^6F@cU2PmV3^U^Y\]4NW^;0\V:?5:?\HQ5lij`3VGK]V\GaOLo1imSVX^4h^93dKf29[;V^abmhXhC;jGl
        2CVj<U>>ZeL2gfAC\W;<;3ii>eQlEhfUW=42Vc_ij[Hl]n[WEPJ6cf@0<meZQDWLUCU>h_2\Y3Tg^WPIG26ebB2[J?S7WSQV\>0D`9UPXNIWZM9c
        =NDQX0ARbCWaoZ7E_oNU0iX^]Wbj@?dVcRALGdBbWkcTD33aGUl[HGIWm@EBSR:8=`X9BOX4XM6B;Mf3<;6XgX=97Mk4U<?RN]]_XCQUMfYhRM6T
        TlHXPU\kGcYPHGUb3<XV7jB^Edf`C?6EDX_mfJ]1o0m]VP3gXdM7E26kcOKgj35Xk0NEgAkOE:IUZ@Xm[<XCA5mLeT9NDY3AW6_6d6AHd\i[Y9Jb
        VCaXBGTAY[JY<;<0PKWo[hh[0eYBe:?k22aC9VC`hYNJDbbg@6G]LN@MYT;;kQQU9`LZhoJY]b6XldoNTSLjV1YcKidF_?FiL^f_MYl1F5T[H\5W
        <N3lZ6`JA;\2TGm<`@IZ?n;6OY[P8Q?[?6ZBT09V9nH>Ta]1^ZHgXTVC:nI]NB_>ZK8oIRWBH_3`XljZR8]GU\nEXSlbQ^ZWYRa6n5a_5Z>1=Z^7
        SXD87\]gQ<FSZf0dgJIin?>m3T[ZiRo2]8HV4l8j3lZoNGiGibTV1m3PF[>m]Y46Cgme;1IG[@DhN0LhKcF[U8`[LTK6;FQ<RZGoY@[V7A;e035J
        Ba;Em[Z_M=iJEcceK;3c[\46@HUa0aS409d[aGLa3M3j4N6E>4[dQgQhV;6J]4kJX[g0Ld:T;ana`7JA\0[43`lDQGjOafI\5CQ]2Le<`70`V9\?
        2W5^B=kBRmeWX\BLDdV8B=_RjD_0\GODL^H3c9SU:b[\MYfEiBI:D=K>4I\Ta[3UTfW>o3GFn\XJE:\A:ZN1Qj:b\]bL<BQ39mDjTaY\i`Cc1ZO1
        VKZ84c\jenXS8SiIChU]O]8PLAcKok3Hl^f1]=_S5[M[1gEP`CT]>VW`[MA`R58\Y]]FLSOBgSB2;78Rc]USa?Y80ABcG:Rj]YiUMOEXLWnFV>6]
        ZZ:YIj_aH>_\F^]a;81_?0@4kE6>7]gPe=Oi1Zfco7D]^2mY0ZQOX77GNhY^7ZMjVXKj?X0H_:^=O=\6lh4oDW7ZR^@k_K=?g1V<Jk6?^F;dmn2X
        Ikch67S^LOTMaCHRITH`O1^PMHkB;H3\GJ?`[^SI\G>A`6gKnL`l^Y5P2LNdY<D0;VM^h4gUG627OFNnf[^kkLNXRM36=W4lf_5Sh:oI>`3AhoHm
        _:?bKhLgeSL;`kk_<H6:V\agl0;UTa_A`1iW\hdQS>@fL_R:VS7U`l`l1G88_W3LnTHY4^RkQXa_XJIZn?NdS_Y2A@_[g]ijPZ234DWlk_^FX:k5
        ejn`cAmY_`1SEFdT8=>Ve9C_iCSo0=LRbkKeVf`1_MB[M=[1F3CL6`2@Me`:d\R]n`3D`;kJW=NMjPNf<Rd`>=`FI[CbZT37h\`C00fFVoD@H=CR
        V`Ilne<kn[cB8XLM`U30T@Q0ATRG0l6`\hEc<LVK6^b6\4`d0ZXb5HOVG9iV:`h=gniMd`aa=7I4aA>i_LKflYc934laH?\Dn]A9G3B_0NaMfT@1
        ?<S2a6N:VaT^VXUSPKhB@M\BaW`\ckIUU3?OHe`a`C4SEO3:U0mXRaaiCjXP9X4cWfnoXalgS0DM1`>U7>@ob0=eY\m@oN<oX?Ob3Q_WJ7`T1QIk
        YVb5`VMIjTY6k0?=Eb989PoQ1bnegZncbH^ddb_J3RK83mYbWV_?A:U^RGHeTdbcBU6=<[]2h6:@jbff3?NUBB];gfJ7c1Gja40QEV4E8iTc24\H
        fP3II?H2hkc;2C]P7cL9nCQk5c@SX1FDbJ5KEO:jcCn=h?^^NDjTBaHcFKf6^:B]VfD50ccUdb8Gi4=GnJM>8cVNN<:VC:kAf76ScY]53LIkmhMM
        [9Rcg@FEOCTXcPfjH@ck?5l=?J0RRXZ8icn8?l8P5g??_:U7d3lV73[g2O0d0[7dDJ0>I9T=lC6fbYdGDk393KiCG:D@[dN90A2i\VZI:V_WdXU5
        @A@7:kBflePd^[CSKlWAi_A>nJd`N]5d1>8Nd^:P[dc2o^93DDSMRg=`diLSDdGIH8<LP=fdj_[Re2U\i4K;PVe4<4>VBjfcUYgcleLWJXc4T:9H
        Kh[`eOi8TESP2k38bQ:eV26`3g<hHc@4kZeYdVmL?`ahIJXAPeZV5PheJlJWD8hXe_IlFIX0hl^Lhd>eb88C4><^ZnG>n=edZWgf>EP=E2hfiemS
        :So:=SXTSO58f8U8kH>13`6[:[ofE@7C?i=RU3M;cCfFd:QDlba7_M[l6fJk@=kA0=D_X1\QfO9h`WkPD1EFO1EfYmX\Y4ElBXaDh3f\GlAdBK^h
        ;Z[^@fa?P2b8KXS@TLkOfbVlIHO397=>@:mfg?8TjHdHoSCSUFfhQRi8HeMZmfjMHfkM4OVS6fa96Wfog57j`CJWL`SWAOVg<SGTRaT:c8nhXZgB
        EF2@j3oZT;FlogD^mRAN2UnYdE3@gK0obcV9>oa>dQdgMal8]JWT<ZAEmQgXLj`b77;53N<AHgcMG?W7ZhSXDUPRgilJKM<;9>@`ATBgo?g@\e>W
        A0gPSnh6SNk821U[Mf8cJh9a2mYFdSX7;FQFh:<G;H_?AESk9;kh?=k6BFE\C9ORRBhAI\2AVm`=5M2d8hBA\_eRkYS]\DDEhM00DOl:LYd`AZCh
        WF]fdjelZ9539<h^<<n@6f=Bj91_YhfgM:mVGPToQ]Bgi1^d]=:hma1N^UTi7=oX5`J[m_fk8Yi>[`=0d^PQ\FE]biC]hk5>Mij7k8QYiEQj3@MK
        [:_Z?JPiLf_08D0FEOS?hEiSo1U[RQG8_7>9>idYS_N<i=kKA81Pim2:9igJIX9BbMZinVB@7PM9fn9S4Ij1f5ARl7^PE5NYhj;hn6n4Ai7gG3cY
        j=`T<[\gIS][HV^j@WWX<efY7[im`]jF@5:cBlg0YaWS1jIKHf:aTAHXCI^hjJII6414GUkQKM6jPL@Bd<i;FUKHRAjV0V<CRHJ;]G<1kjbF_`dG
        jbX@[^b^jd>NQ^bB0`TDSfWjn^NDKf>32LZ1^dk0]APX1UF5@_WEgk:`?6G?i3o^A?m:kHHPo<FnjjKoRG=kK:KIJ]5a^Q:_9@kQZ:f7ihDbQ4Em
        MkX`05Pg;OeV4`BIk]he`Dkgb]38k6Mkc9c7kMO0;C:cC\keC;>DefLc?h9N5klhj>Rf>\0PS5^ml2aIE=I^c^k_5dSl4:5UkUVSUYWBb<l7Ll95
        M8Km:8Fbol=9\4iWBJ;JNa>4lE@6HjYDYcUS6[UlO`[eNamV\@oD1blP5_MCbef9>SOJFlY^i=RY4MGDEVO3lbnWkbHQFP2]mT_ld=<okAIeVQlO
        JNm53UF=3iPM1g>3_mA>k=odKPOXfP^OmN=_oWIGCJ_<1BWmRJ:dS029Rb_jJ<m[1HL=KDd]fEDXTm^H\?HDV8gLA^QFm`O1LogKUYUC8agmlmiZ
        olGYG[WgLdn6jVJ;W@GA8RT4]n<TF1^1WJM7Z\i5n?=Ae8ShNaBHR^GnBRo9eDINfEKFOmnKDZ^VMjF\YUM8inN=TE3]k:U>0FcBnQU78;9?0Xo2
        EWInRRGEA<LXGeX7LEnTaSf5;?FA6T\[0nXiC;2X1>8R2J1in[AGX\7<[iaPmdSn`lc1EF?GZVRL5To1<>:h6gTFF]0NPo4PkR9]oXc=a:`Ao8oP
        oBVc:8LgKYnoEA[b;0SZhcfb8<oJ7HobR3YAXIE=2oaI5>n3ME:TYM<:okQd8=K3=C8iXI3onGT0NU>UYTZe<G
        """#

    /// How many dimensions there are of each degree, from degree 1.
    private static let countsByDegree = [1, 1, 2, 2, 6, 6, 18, 16, 48, 60, 176, 144, 630]

    /// For each dimension 32 direction numbers with their bits reversed: bit 31 − i of number k is digit i of its
    /// binary fraction.
    static let reversed: [UInt32] = {
        var table = (0..<32).map { UInt32(1) << UInt32($0) }
        table.reserveCapacity(dimensions * 32)
        var bits = BitReader(text: packed)
        for (index, count) in countsByDegree.enumerated() {
            for _ in 0..<count { table += numbers(degree: index + 1, &bits) }
        }
        return table
    }()

    private static func numbers(degree: Int, _ bits: inout BitReader) -> [UInt32] {
        let inner = bits.next(degree - 1)
        var m = (1...degree).map { bits.next($0 - 1) << 1 | 1 }
        for index in degree..<32 {
            var next = m[index - degree] ^ m[index - degree] << UInt32(degree)
            for lag in 1..<max(degree, 1) where inner >> UInt32(degree - 1 - lag) & 1 == 1 {
                next ^= m[index - lag] << UInt32(lag)
            }
            m.append(next)
        }
        return m.enumerated().map { reverse($1 << UInt32(31 - $0)) }
    }

    private static func reverse(_ word: UInt32) -> UInt32 {
        (0..<32).reduce(0) { $0 | (word >> UInt32($1) & 1) << UInt32(31 - $1) }
    }

    /// Reads the packed text.
    private struct BitReader {
        private var characters: String.UTF8View.Iterator
        private var held: UInt32 = 0
        private var count = 0

        init(text: String) {
            characters = text.utf8.makeIterator()
        }

        /// The next so many bits, at most 13; zeros beyond the end.
        mutating func next(_ wanted: Int) -> UInt32 {
            while count < wanted {
                guard let byte = characters.next() else { return 0 }
                guard byte >= 48 else { continue }
                held = held << 6 | UInt32(byte - 48)
                count += 6
            }
            count -= wanted
            return held >> UInt32(count) & (1 << UInt32(wanted) - 1)
        }
    }
}
